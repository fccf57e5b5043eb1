#include "outbox/outbox.h"

#include "outbox/engine.h"

namespace ferrule {

struct Outbox::Impl {
  Impl(const OutboxSettings& settings, const OutboxLimits& limits, const Clock& clock, Names& names)
      : engine(settings, limits, clock, names) {}
  outbox::Engine engine;
};

Outbox::Outbox(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Outbox::~Outbox() { impl_->engine.close(); }

Result<std::unique_ptr<Outbox>> Outbox::open(const OutboxSettings& settings, const Clock& clock, Names& names,
                                             std::vector<std::string>& notes) {
  return open(settings, OutboxLimits{}, clock, names, notes);
}

Result<std::unique_ptr<Outbox>> Outbox::open(const OutboxSettings& settings, const OutboxLimits& limits, const Clock& clock,
                                             Names& names, std::vector<std::string>& notes) {
  auto impl = std::make_unique<Impl>(settings, limits, clock, names);
  if (Status status = impl->engine.open(notes); !status) return status;
  return std::unique_ptr<Outbox>(new Outbox(std::move(impl)));
}

uint64_t Outbox::boot() const { return impl_->engine.boot(); }
uint64_t Outbox::next_position() const { return impl_->engine.next_position(); }
UplinkIndex Outbox::attach(std::string_view name) { return impl_->engine.attach(name); }
void Outbox::settle_membership() { impl_->engine.settle_membership(); }
void Outbox::append(OutboxEntry entry) { impl_->engine.append(std::move(entry)); }
void Outbox::settle(UplinkIndex uplink, std::span<const uint64_t> positions) { impl_->engine.settle(uplink, positions); }
void Outbox::reject(UplinkIndex uplink, uint64_t position, std::string_view why) { impl_->engine.reject(uplink, position, why); }
void Outbox::release(UplinkIndex uplink, uint32_t session) { impl_->engine.release(uplink, session); }
std::vector<Envelope> Outbox::next(UplinkIndex uplink, size_t max_records, size_t max_bytes) {
  return impl_->engine.next(uplink, max_records, max_bytes);
}
MonoTime Outbox::tick() { return impl_->engine.tick(); }
Status Outbox::commit() { return impl_->engine.commit(); }
std::vector<Loss> Outbox::take_losses() { return impl_->engine.take_losses(); }
std::vector<std::string> Outbox::take_notes() { return impl_->engine.take_notes(); }
bool Outbox::take_healed() { return impl_->engine.take_healed(); }
std::vector<Envelope> Outbox::peek(UplinkIndex uplink, uint64_t after, size_t max_records, size_t max_samples) {
  return impl_->engine.peek(uplink, after, max_records, max_samples);
}
Result<std::vector<DeadLetterRecord>> Outbox::dead_letters(int64_t after, size_t max_records) {
  return impl_->engine.dead_letters(after, max_records);
}
uint64_t Outbox::purge(UplinkIndex uplink) { return impl_->engine.purge(uplink); }
Status Outbox::purge_dead_letters() { return impl_->engine.purge_dead_letters(); }
OutboxCounters Outbox::counters() const { return impl_->engine.counters(); }

}  // namespace ferrule
