// The driver of a channel whose devices answer requests over one stream: a TCP connection, a UDP socket or a serial port.
//
// One request, one frame back. A frame that gives none of the tags asked for (an echo, a line that came by itself) is passed over
// until the deadline. After a timeout a late answer must not be taken for the next one's: a socket is replaced by a new one; a
// serial port is asked nothing, not even the same again, for as long as the answer was waited for.
#pragma once

#include <memory>
#include <optional>
#include <unordered_map>

#include "drivers_common/framer.h"
#include "link/stream.h"
#include "sdk/driver.h"
#include "streams/stream_settings.h"

namespace ferrule::streams {

struct PolledLink {
  std::unique_ptr<Stream> stream;
  bool renew = false;      // after a timeout: a new connection
  bool datagrams = false;  // each read is one
};

class PolledStream final : public Driver {
 public:
  // `channel` and `context` outlive it.
  static Result<std::unique_ptr<Driver>> build(const ChannelSettings& channel, const ChannelContext& context, PolledLink link);

  Result<Requests> plan(const DeviceSettings& device, std::span<const TagSettings* const> tags) const override;
  Status connect(Deadline deadline) override { return link_.stream->connect(deadline); }
  Exchange read(const Request& request, SampleSink& sink, Deadline deadline) override;
  MonoTime free_at(const Request& request, MonoTime now) const override;
  WriteOutcome write(const Command& command, Deadline deadline) override;
  void disconnect() noexcept override;

 private:
  using Bytes = std::vector<uint8_t>;
  // Looks at a frame: true ends the exchange.
  class Judge {
   public:
    virtual ~Judge() = default;
    virtual bool answers(const Frame& frame) = 0;
  };
  class Catcher;
  struct Target {  // of a write
    MessageTemplate set;
    std::optional<Extraction> confirm;
    Value unit, id;
  };

  PolledStream(const ChannelSettings& channel, const ChannelContext& context, PolledLink link);
  Status add_target(const DeviceSettings& device, const TagSettings& tag);
  Exchange ask(const Bytes& message, Judge& judge, Deadline deadline);
  Status in_step(Deadline deadline);
  Status hear(Judge& judge, Deadline deadline, uint32_t& bytes_in);

  const ChannelSettings& channel_;
  const ChannelContext& context_;
  PolledLink link_;
  const FrameRule rule_;
  const FrameRule request_rule_;
  Framer framer_;
  std::unordered_map<TagId, Target> targets_;
  bool owed_ = false;  // an answer may still come
  MonoTime owed_until_;
  Bytes buffer_;
};

}  // namespace ferrule::streams
