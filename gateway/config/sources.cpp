#include "config/sources.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/nearest.h"
#include "core/units.h"

namespace ferrule::config {

namespace {

constexpr size_t kMostFiles = 1000;

class OpenFile {
 public:
  explicit OpenFile(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~OpenFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

Status failure(const char* what) {
  const int error = errno;
  const Fault fault = error == ENOENT || error == ENOTDIR ? Fault::not_found : Fault::io;
  return {fault, static_cast<uint16_t>(error), std::string(what) + std::strerror(error)};
}

// Every *.yaml below `directory`, as profile names, for a message that names the nearest.
std::vector<std::string> known_profiles(const std::vector<std::string>& directories) {
  std::vector<std::string> names;
  for (const std::string& directory : directories) {
    std::error_code error;
    for (std::filesystem::recursive_directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
      if (names.size() == kMostFiles) return names;
      if (at->path().extension() != ".yaml") continue;
      names.push_back(at->path().lexically_relative(directory).replace_extension().string());
    }
  }
  return names;
}

}  // namespace

Result<std::string> read_file(const std::string& path, size_t most) {
  const OpenFile file(path);
  if (file.fd() < 0) return failure("cannot be read: ");
  struct stat about {};
  if (::fstat(file.fd(), &about) != 0) return failure("cannot be read: ");
  if (!S_ISREG(about.st_mode)) return {Fault::invalid, "cannot be read: it is not a regular file"};
  if (static_cast<uint64_t>(about.st_size) > most) {
    return {Fault::full, "is " + std::to_string(about.st_size / 1024) + " KiB large, more than the limit of " + size_text(most)};
  }
  std::string text(static_cast<size_t>(about.st_size), '\0');
  size_t length = 0;
  while (length < text.size()) {
    const ssize_t count = ::read(file.fd(), text.data() + length, text.size() - length);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failure("cannot be read: ");
    if (count == 0) break;
    length += static_cast<size_t>(count);
  }
  text.resize(length);
  return text;
}

const Document* Sources::open(const std::string& path, Mark asked_at) {
  const auto file = static_cast<uint16_t>(files_.size());
  const bool beside = asked_at.line != 0;  // the complaint stands elsewhere and has to name the file
  if (files_.size() >= kMostFiles) {
    report_.add(asked_at, "more than " + std::to_string(kMostFiles) + " files: put several into one");
    return nullptr;
  }
  files_.push_back(path);
  const Mark at = beside ? asked_at : Mark{0, 0, file};
  auto text = read_file(path, std::min(kLargestFile, kLargestTotal - bytes_));
  if (!text) {
    std::string what = (beside ? "the file " + cited(path) + " " : "") + text.status().what();
    if (text.status().fault() == Fault::full) what += ": use `count` for rows of tags, and profiles for devices of a kind";
    report_.add(at, std::move(what));
    return nullptr;
  }
  bytes_ += text->size();
  ParsedDocument parsed = parse_document(*text, file, kMostNodes - nodes_, report_);
  nodes_ += parsed.document.size();
  if (!parsed.usable) return nullptr;
  documents_.push_back(std::move(parsed.document));
  return &documents_.back();
}

std::vector<std::string> Sources::more_files(const std::string& file) {
  const std::filesystem::path directory = std::filesystem::path(file).parent_path() / "conf.d";
  std::vector<std::string> paths;
  std::error_code error;
  for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (!name.starts_with('.') && name.ends_with(".yaml")) paths.push_back(at->path().string());
  }
  if (error && error != std::errc::no_such_file_or_directory && error != std::errc::not_a_directory) {
    report_.add({}, "the directory " + cited(directory.string()) + " cannot be read: " + error.message());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

const Document* Sources::profile(std::string_view name, const std::vector<std::string>& directories, Mark asked_at) {
  const auto known = profiles_.find(std::string(name));
  if (known != profiles_.end() && known->second != nullptr) return known->second;
  for (const std::string& directory : directories) {
    const std::string path = (std::filesystem::path(directory) / (std::string(name) + ".yaml")).string();
    std::error_code error;
    if (!std::filesystem::exists(path, error)) continue;
    if (known != profiles_.end()) return nullptr;  // was tried and reported
    return profiles_[std::string(name)] = open(path, asked_at);
  }
  const std::vector<std::string> names = known_profiles(directories);
  const std::vector<std::string_view> views(names.begin(), names.end());
  std::string places;
  for (const std::string& directory : directories) places += (places.empty() ? " in " : ", ") + directory;
  const std::string guess = did_you_mean(name, views);
  report_.add(asked_at, "there is no profile " + cited(name) + (guess.empty() ? places : guess));
  return nullptr;
}

}  // namespace ferrule::config
