// Cuts an expression into tokens, one at a time.
#pragma once

#include <string>
#include <string_view>

#include "rules/syntax.h"

namespace ferrule {

enum class TokenKind : uint8_t {
  end,
  wrong,  // Lexer::problem() says what
  number,
  duration,  // 15min
  text,      // "auto"
  name,      // boiler.temperature
  word,      // avg, or a mistake
  kw_true,
  kw_false,
  kw_and,
  kw_or,
  kw_not,
  kw_for,
  plus,
  minus,
  star,
  slash,
  percent,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  open,
  close,
  comma,
};

struct Token {
  TokenKind kind = TokenKind::end;
  uint32_t at = 0;
  std::string_view source;  // as written
  double number = 0;
  Duration duration{0};
  std::string text;  // without quotes and escapes
};

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}
  Token next();
  const Problem& problem() const { return problem_; }

 private:
  Token token(TokenKind kind, size_t length);
  Token wrong(size_t at, std::string what);
  Token quantity();
  Token quoted();
  Token name();
  Token operation();
  char peek(size_t ahead = 0) const { return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0'; }

  std::string_view source_;
  size_t at_ = 0;
  Problem problem_;
};

// "'+'", "a number", "the end": for messages.
std::string describe(const Token& token);

}  // namespace ferrule
