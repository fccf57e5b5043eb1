// Certificates for one test, made by openssl in a folder that goes away with them.
#pragma once

#include <cstdlib>
#include <stdexcept>
#include <string>

#include "tests/fakes/mosquitto.h"

namespace ferrule {

class Certificates {
 public:
  Certificates() {
    authority("ca");
    authority("other_ca");
  }

  // A server's or a client's: NAME.pem and NAME.key, signed by `ca`. `days` may be in the past.
  void issue(const std::string& name, const std::string& subject_alt_name, const std::string& validity = "-days 30") {
    const std::string base = file(name);
    run("openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=" + name + " -keyout " + base +
        ".key -out " + base + ".csr");
    std::ofstream(base + ".ext") << "subjectAltName=" << subject_alt_name << "\n";
    std::ofstream(folder_.file("index.txt"), std::ios::app);
    std::ofstream(folder_.file("ca.cnf")) << "[ca]\ndefault_ca=d\n[d]\ndatabase=" << folder_.file("index.txt")
                                          << "\nnew_certs_dir=" << folder_.file("") << "\nrand_serial=yes\ndefault_md=sha256\n"
                                          << "policy=p\nunique_subject=no\n[p]\ncommonName=supplied\n";
    run("openssl ca -batch -config " + folder_.file("ca.cnf") + " -cert " + file("ca") + ".pem -keyfile " + file("ca") +
        ".key -in " + base + ".csr -out " + base + ".pem -notext -extfile " + base + ".ext " + validity);
    std::filesystem::permissions(base + ".key", std::filesystem::perms(0644));
  }

  std::string file(const std::string& name) const { return folder_.file(name); }

 private:
  void authority(const std::string& name) {
    run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=" + name + " -keyout " +
        file(name) + ".key -out " + file(name) + ".pem");
  }
  void run(const std::string& command) const {
    if (std::system((command + " >>" + file("openssl.log") + " 2>&1").c_str()) != 0) {
      throw std::runtime_error("failed: " + command);
    }
  }
  ScratchFolder folder_;
};

}  // namespace ferrule
