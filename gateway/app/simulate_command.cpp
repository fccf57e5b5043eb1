#include "app/simulate_command.h"

#include <signal.h>

#include <cerrno>
#include <string>

#include "config/config.h"
#include "simulator/plant.h"
#include "simulator/plant_server.h"

namespace ferrule {

namespace {

Result<std::unique_ptr<Plant>> load_plant(const std::string& file) {
  LoadedFields loaded = load_fields(file, kPlantFields);
  if (loaded.complaints.empty()) {
    auto plant = Plant::build(loaded.fields, loaded.complaints);
    if (plant) return plant;
  }
  std::string all;
  for (const Complaint& complaint : loaded.complaints) all += format(complaint, loaded.files) + "\n";
  return Status(Fault::invalid, all);
}

// Blocks the two signals for every thread that is started later, so that only wait() takes them.
class EndSignals {
 public:
  EndSignals() {
    ::sigemptyset(&signals_);
    ::sigaddset(&signals_, SIGINT);
    ::sigaddset(&signals_, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  }

  void wait(std::optional<Duration> run_for) const {
    if (!run_for) {
      int signal = 0;
      while (::sigwait(&signals_, &signal) != 0) continue;
      return;
    }
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(*run_for);
    const timespec limit{whole.count(), (*run_for - whole).count()};
    while (::sigtimedwait(&signals_, nullptr, &limit) < 0 && errno == EINTR) continue;
  }

 private:
  sigset_t signals_{};
};

}  // namespace

int simulate(const std::string& file, std::optional<Duration> run_for, std::FILE* out) {
  const EndSignals end;
  const auto plant = load_plant(file);
  if (!plant) {
    std::fputs(plant.status().what().c_str(), stderr);
    return 1;
  }
  const SystemClock clock;
  PlantServer server(**plant, clock);
  if (const auto status = server.start(); !status) {
    std::fprintf(stderr, "%s\n", status.what().c_str());
    return 1;
  }
  for (const std::string& text : server.endpoint_texts()) std::fprintf(out, "%s\n", text.c_str());
  std::fflush(out);
  end.wait(run_for);
  server.stop();
  return 0;
}

}  // namespace ferrule
