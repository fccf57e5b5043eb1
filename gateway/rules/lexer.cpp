#include "rules/lexer.h"

#include <array>
#include <charconv>

#include "core/units.h"

namespace ferrule {

namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }
bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool name_character(char c) { return letter(c) || digit(c) || c == '_'; }
bool blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

struct Spelling {
  std::string_view text;
  TokenKind kind;
};

constexpr std::array<Spelling, 6> kKeywords{{{"true", TokenKind::kw_true},
                                             {"false", TokenKind::kw_false},
                                             {"and", TokenKind::kw_and},
                                             {"or", TokenKind::kw_or},
                                             {"not", TokenKind::kw_not},
                                             {"for", TokenKind::kw_for}}};

// Longer ones first.
constexpr std::array<Spelling, 14> kOperators{{{"==", TokenKind::equal},
                                               {"!=", TokenKind::not_equal},
                                               {"<=", TokenKind::less_equal},
                                               {">=", TokenKind::greater_equal},
                                               {"<", TokenKind::less},
                                               {">", TokenKind::greater},
                                               {"+", TokenKind::plus},
                                               {"-", TokenKind::minus},
                                               {"*", TokenKind::star},
                                               {"/", TokenKind::slash},
                                               {"%", TokenKind::percent},
                                               {"(", TokenKind::open},
                                               {")", TokenKind::close},
                                               {",", TokenKind::comma}}};

// What people write who know another language.
struct Habit {
  std::string_view text;
  std::string_view remedy;
};
constexpr std::array<Habit, 8> kHabits{{{"&&", "write 'and'"},
                                        {"||", "write 'or'"},
                                        {"&", "write 'and'"},
                                        {"|", "write 'or'"},
                                        {"!", "write 'not', or '!=' for unequal"},
                                        {"=", "write '==' to compare"},
                                        {"'", "text stands in double quotes"},
                                        {".", "a number begins with a digit: 0.5"}}};

}  // namespace

Token Lexer::next() {
  while (blank(peek())) ++at_;
  if (at_ >= source_.size()) return token(TokenKind::end, 0);
  if (digit(peek())) return quantity();
  if (letter(peek())) return name();
  if (peek() == '"') return quoted();
  return operation();
}

Token Lexer::token(TokenKind kind, size_t length) {
  Token made;
  made.kind = kind;
  made.at = static_cast<uint32_t>(at_);
  made.source = source_.substr(at_, length);
  at_ += length;
  return made;
}

Token Lexer::wrong(size_t at, std::string what) {
  problem_ = {static_cast<uint32_t>(at), std::move(what)};
  Token made;
  made.kind = TokenKind::wrong;
  made.at = problem_.at;
  at_ = source_.size();
  return made;
}

// A number, or with a unit behind it a duration.
Token Lexer::quantity() {
  size_t length = 0;
  const auto digits = [&] {
    while (digit(peek(length))) ++length;
  };
  digits();
  if (peek(length) == '.' && digit(peek(length + 1))) {
    ++length;
    digits();
  }
  const size_t sign = peek(length + 1) == '-' || peek(length + 1) == '+' ? 1 : 0;
  if ((peek(length) == 'e' || peek(length) == 'E') && digit(peek(length + 1 + sign))) {
    length += 1 + sign;
    digits();
  }
  size_t whole = length;
  while (name_character(peek(whole))) ++whole;

  const size_t start = at_;
  const bool has_unit = whole > length;
  Token made = token(has_unit ? TokenKind::duration : TokenKind::number, whole);
  if (has_unit) {
    const auto duration = parse_duration(made.source);
    if (!duration) return wrong(start, duration.status().what());
    made.duration = *duration;
    return made;
  }
  const auto parsed = std::from_chars(made.source.data(), made.source.data() + made.source.size(), made.number);
  if (parsed.ec != std::errc()) return wrong(start, "'" + std::string(made.source) + "' is too large or too small");
  return made;
}

Token Lexer::quoted() {
  std::string text;
  size_t length = 1;
  for (; peek(length) != '"'; ++length) {
    if (at_ + length >= source_.size()) return wrong(at_, "text without a closing '\"'");
    if (peek(length) == '\\') {
      ++length;
      if (peek(length) != '"' && peek(length) != '\\')
        return wrong(at_ + length - 1, R"(only \" and \\ may follow a backslash in text)");
    }
    text += peek(length);
  }
  Token made = token(TokenKind::text, length + 1);
  made.text = std::move(text);
  return made;
}

Token Lexer::name() {
  size_t length = 0;
  bool dotted = false;
  while (name_character(peek(length)) || (peek(length) == '.' && letter(peek(length + 1)))) {
    dotted = dotted || peek(length) == '.';
    ++length;
  }
  Token made = token(dotted ? TokenKind::name : TokenKind::word, length);
  for (const Spelling& keyword : kKeywords) {
    if (keyword.text == made.source) made.kind = keyword.kind;
  }
  return made;
}

Token Lexer::operation() {
  const std::string_view rest = source_.substr(at_);
  for (const Spelling& known : kOperators) {
    if (rest.starts_with(known.text)) return token(known.kind, known.text.size());
  }
  for (const Habit& habit : kHabits) {
    if (!rest.starts_with(habit.text)) continue;
    return wrong(at_, "'" + std::string(habit.text) + "' is not an operator here; " + std::string(habit.remedy));
  }
  const auto c = static_cast<unsigned char>(peek());
  if (c < 0x20 || c >= 0x7f) return wrong(at_, "unexpected character (code " + std::to_string(c) + ")");
  return wrong(at_, "unexpected '" + std::string(1, peek()) + "'");
}

std::string describe(const Token& token) {
  if (token.kind == TokenKind::end) return "the end";
  constexpr size_t kShown = 40;
  return "'" + std::string(token.source.substr(0, kShown)) + (token.source.size() > kShown ? "...'" : "'");
}

}  // namespace ferrule
