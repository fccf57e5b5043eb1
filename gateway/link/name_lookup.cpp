#include "link/name_lookup.h"

#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>

#include "core/guarded.h"
#include "link/descriptor.h"
#include "link/wait.h"

namespace ferrule {

namespace {

struct Answer {
  int error = 0;
  std::vector<SocketAddress> addresses;
};

Answer ask_system(const std::string& host, uint16_t port, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* list = nullptr;
  Answer answer;
  answer.error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  for (const addrinfo* at = answer.error == 0 ? list : nullptr; at != nullptr; at = at->ai_next) {
    SocketAddress address;
    std::memcpy(&address.storage, at->ai_addr, at->ai_addrlen);
    address.length = at->ai_addrlen;
    answer.addresses.push_back(address);
  }
  if (answer.error == 0) freeaddrinfo(list);
  return answer;
}

}  // namespace

struct NameLookup::Job {
  explicit Job(std::string asked) : host(std::move(asked)), done(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  const std::string host;
  Descriptor done;  // readable once there is an answer
  Guarded<Answer> answer;
};

NameLookup::NameLookup() = default;
NameLookup::~NameLookup() = default;  // a lookup that still runs keeps its Job alive and ends by itself

Result<std::vector<SocketAddress>> NameLookup::find(const std::string& host, uint16_t port, Deadline deadline, const Clock& clock,
                                                    const StopSignal& stop) {
  if (Answer numeric = ask_system(host, port, AI_NUMERICHOST | AI_NUMERICSERV); numeric.error == 0) return numeric.addresses;
  if (job_ == nullptr) {
    job_ = std::make_shared<Job>(host);
    if (!job_->done.open()) {
      job_.reset();
      return Status(Fault::io, host + ": no descriptor is free to look the name up: raise the limit of open files");
    }
    try {
      std::thread([job = job_, port] {
        Answer answer = ask_system(job->host, port, AI_NUMERICSERV | AI_ADDRCONFIG);
        job->answer.with([&](Answer& kept) { kept = std::move(answer); });
        eventfd_write(job->done.fd(), 1);
      }).detach();
    } catch (const std::system_error&) {
      job_.reset();
      return Status(Fault::io, host + ": no thread is free to look the name up");
    }
  }
  const Status ready = wait_for(job_->done.fd(), POLLIN, deadline, clock, stop, host);
  if (ready.fault() == Fault::timeout) return Status(Fault::timeout, host + ": the name server does not answer");
  if (!ready.ok()) return ready;
  Answer answer = job_->answer.copy();
  job_.reset();
  if (answer.error == 0) return std::move(answer.addresses);
  return Status(Fault::disconnected, host + ": " + gai_strerror(answer.error) + ": write its address, or check the name server");
}

}  // namespace ferrule
