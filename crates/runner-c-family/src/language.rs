//! In what C and C++ differ.

/// One of the two languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// C.
    C,
    /// C++.
    Cpp,
}

/// The extensions of C's source files.
pub(crate) const C_SOURCES: [&str; 1] = ["c"];
/// The extensions of C++'s source files.
pub(crate) const CPP_SOURCES: [&str; 6] = ["cpp", "cc", "cxx", "c++", "C", "CPP"];
/// The extensions of the headers of either.
pub(crate) const HEADERS: [&str; 6] = ["h", "hpp", "hh", "hxx", "h++", "H"];
/// The compilers of either, the preferred one first.
pub(crate) const C_COMPILERS: [&str; 3] = ["gcc", "cc", "clang"];
pub(crate) const CPP_COMPILERS: [&str; 3] = ["g++", "c++", "clang++"];

const KEYWORDS: &str = "auto break case char const continue default do double else enum extern float for goto if inline \
    int long register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while";
const C_NAMES: &str = "bool false true NULL FILE EOF size_t int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t \
    uint64_t stdin stdout stderr printf fprintf sprintf snprintf puts putchar scanf sscanf fgets fputs fopen fclose fread \
    fwrite fflush getchar malloc calloc realloc free exit abort system getenv atoi atof strtol strtod qsort bsearch rand \
    srand abs strlen strcpy strncpy strcat strcmp strncmp strchr strstr strdup memcpy memset memcmp memmove sqrt pow sin \
    cos tan exp log floor ceil fabs time clock assert";
const CPP_NAMES: &str = "alignas bool catch class constexpr const_cast decltype delete dynamic_cast explicit false final \
    friend mutable namespace new noexcept nullptr operator override private protected public reinterpret_cast \
    static_assert static_cast template this throw true try typeid typename using virtual std";
const STD_NAMES: &str = "accumulate any any_of all_of array back_inserter begin bitset boolalpha cerr chrono cin clog \
    copy copy_if count count_if cout deque end endl exception filesystem fill find find_if fixed flush for_each forward \
    forward_list function getline greater hash hex ifstream initializer_list int64_t invalid_argument iota istream \
    istringstream less list lock_guard logic_error lower_bound make_pair make_shared make_tuple make_unique map max \
    max_element min min_element mt19937 move multimap multiset mutex next none_of numeric_limits ofstream optional \
    ostream ostringstream out_of_range pair pow prev priority_queue queue random_device regex remove_if reverse \
    runtime_error set setprecision setw shared_ptr size_t sort sqrt stack stod stoi stol string string_view stringstream \
    swap thread tie to_string transform tuple uint64_t uniform_int_distribution unique unique_ptr unordered_map \
    unordered_set upper_bound variant vector visit weak_ptr";

impl Language {
    pub(crate) fn is_cpp(self) -> bool {
        self == Self::Cpp
    }

    /// As the compiler's option `-x` has it.
    pub(crate) fn name(self) -> &'static str {
        if self.is_cpp() { "c++" } else { "c" }
    }

    /// What every snippet sees: the name of the file, and its text.
    pub(crate) fn prelude(self) -> (&'static str, &'static str) {
        if self.is_cpp() {
            ("prelude.hpp", include_str!("native/prelude.hpp"))
        } else {
            ("prelude.h", include_str!("native/prelude.h"))
        }
    }

    /// The names that completion knows without being told.
    pub(crate) fn names(self) -> impl Iterator<Item = String> {
        let (own, std) = if self.is_cpp() { (CPP_NAMES, STD_NAMES) } else { (C_NAMES, "") };
        let std = std.split_ascii_whitespace().map(|name| format!("std::{name}"));
        KEYWORDS.split_ascii_whitespace().chain(own.split_ascii_whitespace()).map(str::to_owned).chain(std)
    }
}
