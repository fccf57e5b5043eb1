#include "host/learnt_file.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace ferrule {

namespace fs = std::filesystem;

namespace {

std::string first_line(const std::string& about) { return "about " + about + "\n"; }

Status cannot(const std::string& path) { return {Fault::io, "cannot keep what was learnt in " + path}; }

}  // namespace

std::string LearntFile::load() {
  std::ifstream file(path_, std::ios::binary);
  std::string text(first_line(about_).size() + kMost, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  if (!text.starts_with(first_line(about_))) return {};
  return text.substr(first_line(about_).size());
}

Status LearntFile::store(const std::string& text) {
  if (text.size() > kMost) return {Fault::full, "more was learnt than is kept"};
  std::error_code trouble;
  fs::create_directories(fs::path(path_).parent_path(), trouble);
  const std::string fresh = path_ + ".new";
  {
    std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
    file << first_line(about_) << text;
    if (!file.flush()) return cannot(path_);
  }
  fs::rename(fresh, path_, trouble);
  return trouble ? cannot(path_) : Status();
}

std::string learnt_path(const std::string& state, const std::string& channel) { return fs::path(state) / "learnt" / channel; }

void forget_learnt_of_others(const std::string& state, const std::vector<std::string>& channels) {
  std::error_code trouble;  // of a folder that is not there, say: then there is nothing to forget
  std::vector<fs::path> others;
  for (auto file = fs::directory_iterator(fs::path(state) / "learnt", trouble); !trouble && file != fs::directory_iterator();
       file.increment(trouble)) {
    if (std::ranges::find(channels, file->path().filename().string()) == channels.end()) others.push_back(file->path());
  }
  for (const fs::path& other : others) fs::remove(other, trouble);
}

}  // namespace ferrule
