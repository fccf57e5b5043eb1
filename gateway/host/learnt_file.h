// What the driver of one channel has learnt, in a file of the state directory.
#pragma once

#include <string>
#include <vector>

#include "sdk/learnt_store.h"

namespace ferrule {

class LearntFile final : public LearntStore {
 public:
  // `about` says whom it is about, "192.168.10.20:502 83213": what was learnt from another, or with another configuration of the
  // channel, is not given back.
  LearntFile(std::string path, std::string about) : path_(std::move(path)), about_(std::move(about)) {}

  std::string load() override;
  // The file is replaced as a whole, without waiting for the disk: a power cut may bring the one before back. io: the disk is
  // full or not writable.
  Status store(const std::string& text) override;

 private:
  const std::string path_, about_;
};

// learnt/{channel} in the state directory.
std::string learnt_path(const std::string& state, const std::string& channel);
// Removes what was learnt by channels that are no more.
void forget_learnt_of_others(const std::string& state, const std::vector<std::string>& channels);

}  // namespace ferrule
