// A server on a free port and on a Unix socket in a folder of its own, over a fake gateway.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "rest/server.h"
#include "tests/unit/rest/fake_gateway.h"
#include "tests/unit/rest/wire.h"

namespace ferrule {

class RestFixture : public testing::Test {
 protected:
  RestFixture() {
    std::string path = (std::filesystem::temp_directory_path() / "ferrule_rest_XXXXXX").string();
    folder = ::mkdtemp(path.data());
    settings.host = "127.0.0.1";
    settings.port = 0;
    settings.socket = folder + "/ferrule.sock";
    settings.token_file = folder + "/token";
  }
  ~RestFixture() override {
    server.reset();
    std::filesystem::remove_all(folder);
  }

  void start() {
    auto started = RestServer::start(settings, gateway, times);
    ASSERT_TRUE(started.ok()) << started.status().what();
    server = std::move(*started);
  }

  Wire tcp() const { return Wire::tcp(server->port()); }
  Wire local() const { return Wire::local(settings.socket); }
  WireReply ask(const std::string& request) const {
    Wire wire = tcp();
    wire.send(request);
    return wire.reply();
  }
  WireReply ask_locally(const std::string& request) const {
    Wire wire = local();
    wire.send(request);
    return wire.reply();
  }
  std::string bearer() const {
    std::ifstream file(settings.token_file);
    std::string token;
    file >> token;
    return "Authorization: Bearer " + token + "\r\n";
  }
  // The value of a metric of the server.
  double metric(const std::string& name) const {
    const std::string text = "\n" + ask_locally(get("/metrics")).body;
    const size_t at = text.find("\n" + name + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
  }
  // Asks until `is_so`; the limit of the test run is the limit of patience.
  template <class Condition>
  static void await(Condition is_so) {
    while (!is_so()) std::this_thread::yield();
  }

  FakeGateway gateway;
  RestSettings settings;
  RestTimes times;
  std::string folder;
  std::unique_ptr<RestServer> server;
};

inline nlohmann::json parsed(const std::string& text) { return nlohmann::json::parse(text, nullptr, false); }

}  // namespace ferrule
