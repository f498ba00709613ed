/* What every C snippet sees: how the value of its last expression is shown. */
#pragma GCC system_header
void kr_print(char kind, const void *value, __SIZE_TYPE__ size);
void kr_text(const char *text);
void kr_open(const __SIZE_TYPE__ *sizes, __SIZE_TYPE__ at);
void kr_close(const __SIZE_TYPE__ *sizes, __SIZE_TYPE__ at);

#define KR_IS(object, ...) __builtin_types_compatible_p(__typeof__(object), __VA_ARGS__)
#define KR_IS_VOID(...) KR_IS((__VA_ARGS__), void)
/* The value of an expression; 0 where it has none. */
#define KR_VALUE(...) __builtin_choose_expr(KR_IS_VOID(__VA_ARGS__), ((__VA_ARGS__), 0), (__VA_ARGS__))
/* Whether `value` is a pointer that an array has become; a function becomes one as well. */
#define KR_IS_POINTER(value) (__builtin_classify_type(value) == 5)
#define KR_TARGET(value) (*__builtin_choose_expr(KR_IS_POINTER(value), (value), (char *)0))
#define KR_HAS_BEEN_ARRAY(value, ...) \
    (KR_IS_POINTER(value) && !KR_IS((__VA_ARGS__), __typeof__(value)) && !KR_IS((__VA_ARGS__), __typeof__(KR_TARGET(value))))

#define KR_IS_ARRAY(object) (KR_IS_POINTER((0, (object))) && !KR_IS(object, __typeof__((0, (object)))))
#define KR_IS_TEXT(object) (KR_IS(object, char[sizeof(object)]) || KR_IS(object, const char[sizeof(object)]))
#define KR_FIRST(object) (&__builtin_choose_expr(KR_IS_ARRAY(object), (object), (char *)0)[0])
/* Which of the types that `kr_print` knows an object has. */
#define KR_KIND(object) _Generic((object), \
    _Bool: 'b', char: 'c', signed char: 'i', unsigned char: 'u', short: 'i', unsigned short: 'u', int: 'i', \
    unsigned: 'u', long: 'i', unsigned long: 'u', long long: 'i', unsigned long long: 'u', float: 'f', double: 'f', \
    long double: 'f', float _Complex: 'z', double _Complex: 'z', char *: 's', const char *: 's', \
    default: KR_IS_POINTER(object) ? 'p' : '?')

/* The function that shows the members of an object's structure. Each snippet has those of the structures that it knows. */
#define KR_PRINTER_0(object) ((void (*)(const void *))0)
#define KR_PRINTER KR_PRINTER_0

/* The first element of an array that is no text; another object itself. */
#define KR_IS_LIST(object) (KR_IS_ARRAY(object) && !KR_IS_TEXT(object))
#define KR_IN(object) (*__builtin_choose_expr(KR_IS_LIST(object), KR_FIRST(object), &(object)))
#define KR_SIZE(object) (KR_IS_LIST(object) ? sizeof(object) : 0)

/* Shows what a pointer points to: an array in braces, of up to three dimensions. */
#define KR_PRINT(pointer) do { \
    __auto_type kr_whole = (pointer); \
    __auto_type kr_item = &KR_IN(KR_IN(KR_IN(*kr_whole))); \
    const __SIZE_TYPE__ kr_sizes[] = \
        {KR_SIZE(*kr_whole), KR_SIZE(KR_IN(*kr_whole)), KR_SIZE(KR_IN(KR_IN(*kr_whole)))}; \
    for (__SIZE_TYPE__ kr_at = 0; kr_at < sizeof *kr_whole; kr_at += sizeof *kr_item, kr_item++) { \
        kr_open(kr_sizes, kr_at); \
        if (KR_IS_TEXT(*kr_item)) kr_print('S', kr_item, sizeof *kr_item); \
        else if (KR_PRINTER(*kr_item)) KR_PRINTER(*kr_item)(kr_item); \
        else kr_print(KR_KIND(*kr_item), kr_item, sizeof *kr_item); \
        kr_close(kr_sizes, kr_at + sizeof *kr_item); \
    } \
} while (0)
#define KR_MEMBER(name) do { kr_text(#name " = "); KR_PRINT(&kr_object->name); } while (0)

/* Shows the value of a query's last expression, evaluated once. */
#define KR_SHOW(...) do { \
    __auto_type kr_value = KR_VALUE(__VA_ARGS__); \
    enum { kr_is_array = KR_HAS_BEEN_ARRAY(kr_value, __VA_ARGS__) }; \
    __typeof__(__builtin_choose_expr(kr_is_array, (__typeof__(__VA_ARGS__) *)0, &kr_value)) kr_shown = \
        kr_is_array ? (void *)__builtin_choose_expr(kr_is_array, kr_value, 0) : (void *)&kr_value; \
    if (KR_IS_VOID(__VA_ARGS__)) break; \
    KR_PRINT(kr_shown); \
    kr_text("\n"); \
} while (0)
