#include "rest/http.h"

#include "core/json_text.h"

namespace ferrule {

namespace {

unsigned http_status(Fault fault) {
  switch (fault) {
    case Fault::invalid: return 400;
    case Fault::not_found: return 404;
    case Fault::refused: return 409;
    case Fault::bad_reply: return 502;
    case Fault::timeout: return 504;
    case Fault::full:
    case Fault::disconnected:
    case Fault::cancelled: return 503;
    default: return 500;
  }
}

}  // namespace

HttpReply error_reply(unsigned status, std::string_view error, std::string_view hint) {
  HttpReply reply;
  reply.status = status;
  json::Object object(reply.body);
  object.text("error", error);
  if (!hint.empty()) object.text("hint", hint);
  object.close();
  return reply;
}

HttpReply error_reply(const Status& status) { return error_reply(http_status(status.fault()), status.what()); }

}  // namespace ferrule
