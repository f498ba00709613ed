// What every C++ snippet sees: the usual headers, and how values are shown.
#pragma GCC system_header
#include <algorithm>
#include <array>
#include <bitset>
#include <cassert>
#include <cctype>
#include <charconv>
#include <climits>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <functional>
#include <iomanip>
#include <iostream>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <new>
#include <numeric>
#include <optional>
#include <queue>
#include <set>
#include <sstream>
#include <stack>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>
#include <cxxabi.h>

// Hidden, as each snippet has its own: how a value is shown may change when an operator comes along.
namespace kr_snippet __attribute__((visibility("hidden"))) {

/// The name of a type, as the user wrote it: without the namespace of the query.
inline std::string name_of(const std::type_info &type) {
    int status = 0;
    char *text = abi::__cxa_demangle(type.name(), nullptr, nullptr, &status);
    std::string name = status == 0 ? text : type.name();
    std::free(text);
    for (std::size_t at; (at = name.find("query_")) != std::string::npos;)
        name.erase(at, name.find("::", at) + 2 - at);
    const std::string whole = "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >";
    for (std::size_t at; (at = name.find(whole)) != std::string::npos;) name.replace(at, whole.size(), "std::string");
    return name;
}

/// Marks the end of an expression: `(expression, kr_snippet::end())` calls the operator unless the expression is `void`.
struct end {};

template <typename T, typename = void> struct is_printed : std::false_type {};
template <typename T>
struct is_printed<T, std::void_t<decltype(std::declval<std::ostream &>() << std::declval<const T &>())>>
    : std::true_type {};
template <typename T, typename = void> struct is_range : std::false_type {};
template <typename T>
struct is_range<
    T, std::void_t<decltype(std::begin(std::declval<const T &>())), decltype(std::end(std::declval<const T &>()))>>
    : std::true_type {};
template <typename T> struct is_pair : std::false_type {};
template <typename A, typename B> struct is_pair<std::pair<A, B>> : std::true_type {};
template <typename T> struct is_tuple : std::false_type {};
template <typename... A> struct is_tuple<std::tuple<A...>> : std::true_type {};
template <typename T> struct is_optional : std::false_type {};
template <typename T> struct is_optional<std::optional<T>> : std::true_type {};

template <typename T> struct is_unique : std::false_type {};
template <typename T, typename D> struct is_unique<std::unique_ptr<T, D>> : std::true_type {};
template <typename T> struct is_variant : std::false_type {};
template <typename... A> struct is_variant<std::variant<A...>> : std::true_type {};

template <typename T> void print(std::ostream &out, const T &value);

template <typename T> void print_members(std::ostream &out, const T &range) {
    const char *separator = "";
    out << '{';
    for (const auto &value : range) {
        out << separator;
        print(out, value);
        separator = ", ";
    }
    out << '}';
}

template <typename T> void print(std::ostream &out, const T &value) {
    using Element = std::remove_cv_t<std::remove_all_extents_t<T>>;
    if constexpr (std::is_same_v<T, bool>) {
        out << (value ? "true" : "false");
    } else if constexpr (std::is_same_v<T, std::nullptr_t>) {
        out << "nullptr";
    } else if constexpr (std::is_floating_point_v<T>) {
        // With as few digits as tell the number from its neighbours.
        char text[64];
        out.write(text, std::to_chars(text, text + sizeof text, value).ptr - text);
    } else if constexpr (std::is_same_v<T, signed char> || std::is_same_v<T, unsigned char>) {
        out << int(value);
    } else if constexpr (std::is_enum_v<T> && !is_printed<T>::value) {
        out << '(' << name_of(typeid(T)) << ") " << +std::underlying_type_t<T>(value);
    } else if constexpr (is_unique<T>::value) {
        print(out, value.get());
    } else if constexpr (is_variant<T>::value) {
        std::visit([&](const auto &held) { print(out, held); }, value);
    } else if constexpr (is_pair<T>::value) {
        out << '{';
        print(out, value.first);
        out << ", ";
        print(out, value.second);
        out << '}';
    } else if constexpr (is_tuple<T>::value) {
        const char *separator = "";
        out << '{';
        std::apply([&](const auto &...values) { ((out << separator, print(out, values), separator = ", "), ...); }, value);
        out << '}';
    } else if constexpr (is_optional<T>::value) {
        if (value) print(out, *value);
        else out << "nullopt";
    } else if constexpr (std::is_array_v<T> && !std::is_same_v<Element, char>) {
        print_members(out, value);
    } else if constexpr (is_printed<T>::value) {
        out << value;
    } else if constexpr (is_range<T>::value) {
        print_members(out, value);
    } else {
        out << '<' << name_of(typeid(T)) << '>';
    }
}

/// Shows the value of a query's last expression. Streams are none: they have shown what they were given.
template <typename T> void operator,(T &&value, end) {
    if constexpr (!std::is_base_of_v<std::ios_base, std::remove_cv_t<std::remove_reference_t<T>>>) {
        print(std::cout, value);
        std::cout << '\n';
    }
}

/// Fills the array `to`, which is storage still, with the elements of `from`.
template <typename T, std::size_t N> void adopt(T (&to)[N], T (&from)[N]) {
    for (std::size_t i = 0; i < N; i++) {
        if constexpr (std::is_array_v<T>) adopt(to[i], from[i]);
        else ::new ((void *)std::addressof(to[i])) std::remove_cv_t<T>(std::move(from[i]));
    }
}

/// Reports what a query did not catch, in the words of the runtime.
inline int report_uncaught() {
    std::cout.flush();
    const std::type_info *type = abi::__cxa_current_exception_type();
    std::string name = type ? name_of(*type) : "unknown";
    std::cerr << "terminate called after throwing an instance of '" << name << "'\n";
    try {
        throw;
    } catch (const std::exception &error) {
        std::cerr << "  what():  " << error.what() << '\n';
    } catch (...) {
    }
    return 1;
}

}
