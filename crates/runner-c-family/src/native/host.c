/* The host of a C or C++ session: it loads the snippets, each a shared object, runs them and keeps what they leave.

   It talks to the runner over descriptors 3 and 4, as docs/src/session-link.md has it. A query's code is one line that
   says whether the snippet builds on earlier ones, and the path of its shared object. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "streams.h"

enum { FROM_RUNNER = 3, TO_RUNNER = 4 };
/* What `done` says. The last one is no program's: the snippet needs others that this process has never seen. */
enum { FAILED = 1, INTERRUPTED = 130, FORGOTTEN = 1000 };
/* How often, and after how many nanoseconds, an interrupt is tried again that came in the middle of a library. */
enum { TRIES = 300, RETRY_AFTER = 1000000 };
/* So many dimensions of an array are shown. */
enum { DIMENSIONS = 3 };

extern char **environ;

static pid_t host;
static pthread_t main_thread;
static sigjmp_buf escape;
static volatile sig_atomic_t is_user_code, is_pending, tries;
static volatile pid_t command;
static int loaded;

/* ---- The link ---- */

/* Calls that a signal cuts short are made again. */
static void put(const char *data, size_t size) {
    while (size > 0) {
        ssize_t written = write(TO_RUNNER, data, size);
        if (written < 0 && errno != EINTR) _exit(0);
        if (written > 0) data += written, size -= written;
    }
}

static void get(char *data, size_t size) {
    while (size > 0) {
        ssize_t count = read(FROM_RUNNER, data, size);
        /* The runner is gone. */
        if (count == 0) exit(0);
        if (count < 0 && errno != EINTR) exit(0);
        if (count > 0) data += count, size -= count;
    }
}

static void say(const char *kind, const char *text) {
    char frame[128];
    int size = snprintf(frame, sizeof frame, *text ? "%s %zu\n%s" : "%s\n", kind, strlen(text), text);
    put(frame, size);
}

struct frame {
    char kind[32];
    /* The first part, with a NUL behind it. The others are read and forgotten. */
    char *text;
};

static void receive(struct frame *frame) {
    char header[4096];
    size_t length = 0;
    do get(header + length, 1);
    while (header[length] != '\n' && ++length < sizeof header - 1);
    header[length] = '\0';
    char *rest = header;
    snprintf(frame->kind, sizeof frame->kind, "%s", strsep(&rest, " "));
    size_t first = rest ? strtoul(rest, &rest, 10) : 0, others = 0;
    while (rest && *rest) others += strtoul(rest, &rest, 10);
    frame->text = realloc(frame->text, first + others + 1);
    if (!frame->text) exit(FAILED);
    get(frame->text, first + others);
    frame->text[first] = '\0';
}

/* ---- Interrupts ---- */

static uintptr_t program_counter(void *context) {
    mcontext_t *machine = &((ucontext_t *)context)->uc_mcontext;
#if defined __x86_64__
    return machine->gregs[REG_RIP];
#elif defined __aarch64__
    return machine->pc;
#else
    return (void)machine, 0;
#endif
}

/* Whether the machine waits in the kernel for something other than the end of a write. Then it may be left: the call is
   about to be made again, or has been cut short. A write is waited for, since nobody knows how much of it was done. */
static int is_waiting(void *context) {
    mcontext_t *machine = &((ucontext_t *)context)->uc_mcontext;
#if defined __x86_64__
    const char *counter = (const char *)machine->gregs[REG_RIP];
    long long result = machine->gregs[REG_RAX];
    if (memcmp(counter, "\x0f\x05", 2) == 0) return result != SYS_write && result != SYS_writev;
    return memcmp(counter - 2, "\x0f\x05", 2) == 0 && result == -EINTR;
#elif defined __aarch64__
    const char *counter = (const char *)machine->pc;
    long long number = machine->regs[8];
    if (memcmp(counter, "\x01\x00\x00\xd4", 4) == 0) return number != SYS_write && number != SYS_writev;
    return memcmp(counter - 4, "\x01\x00\x00\xd4", 4) == 0 && (long long)machine->regs[0] == -EINTR;
#else
    return (void)machine, 1;
#endif
}

struct search {
    uintptr_t address;
    int is_found;
};

static int look_in(struct dl_phdr_info *object, size_t size, void *data) {
    static const char *const libraries[] = {"/libc.so", "/libc-", "/libstdc++.so", "/libgcc_s.so", "/ld-", "linux-vdso"};
    struct search *search = data;
    /* The program itself is this host. */
    int is_library = !*object->dlpi_name;
    (void)size;
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++)
        is_library |= strstr(object->dlpi_name, libraries[i]) != NULL;
    for (int i = 0; is_library && i < object->dlpi_phnum; i++) {
        uintptr_t start = object->dlpi_addr + object->dlpi_phdr[i].p_vaddr;
        search->is_found |= object->dlpi_phdr[i].p_type == PT_LOAD && search->address >= start &&
                            search->address < start + object->dlpi_phdr[i].p_memsz;
    }
    return search->is_found;
}

/* Whether a function's name is one of namespace std, whose code is compiled into the snippets. */
static int is_standard(const char *name) {
    if (!name || strncmp(name, "_Z", 2) != 0) return 0;
    name += 2;
    name += *name == 'N';
    name += *name == 'K';
    return (name[0] == 'S' && name[1] && strchr("tabsiod", name[1])) || strncmp(name, "9__gnu_cxx", 10) == 0;
}

/* Whether the code there may hold a lock or be in the middle of a change: a jump out of malloc would break the heap, and
   one out of a growing vector the vector. */
static int is_in_library(uintptr_t counter) {
    struct search search = {.address = counter};
    Dl_info object;
    dl_iterate_phdr(look_in, &search);
    return search.is_found || (dladdr((void *)counter, &object) && is_standard(object.dli_sname));
}

static void try_again(void) {
    static timer_t timer;
    static int has_timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGINT};
    struct itimerspec soon = {.it_value = {.tv_nsec = RETRY_AFTER}};
    if (!has_timer) has_timer = timer_create(CLOCK_MONOTONIC, &event, &timer) == 0;
    timer_settime(timer, 0, &soon, NULL);
}

/* Ends the user's code by a jump out of it, at once or as soon as it has left the library that it is in. */
static void on_interrupt(int number, siginfo_t *info, void *context) {
    int error = errno;
    (void)info;
    if (!pthread_equal(pthread_self(), main_thread)) {
        pthread_kill(main_thread, number);
    } else if (!is_user_code) {
        is_pending = 1;
    } else {
        uintptr_t counter = program_counter(context);
        if (tries++ >= TRIES || !is_in_library(counter) || is_waiting(context)) {
            is_user_code = 0;
            siglongjmp(escape, 1);
        }
        try_again();
    }
    errno = error;
}

static void handle_interrupts(void) {
    struct sigaction action = {.sa_sigaction = on_interrupt, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
}

/* ---- What snippets call ---- */

/* Both streams arrive in the order in which they were written: the one before is delivered first. */
static void on_change(void) {
    static unsigned long sequence;
    static struct frame answer;
    char number[32];
    if (getpid() != host || !pthread_equal(pthread_self(), main_thread)) return;
    int was_user_code = is_user_code;
    is_user_code = 0;
    snprintf(number, sizeof number, "%lu", ++sequence);
    say("sync", number);
    receive(&answer);
    is_user_code = was_user_code;
    if (was_user_code && is_pending) {
        is_pending = 0;
        raise(SIGINT);
    }
}

/* In place of the C library's, which keeps SIGINT from its caller: here it ends the command and the snippet. What is
   printed so far comes before the command's output. */
int system(const char *line) {
    pid_t child;
    int status = -1;
    if (!line) return 1;
    fflush(NULL);
    char *arguments[] = {"sh", "-c", (char *)line, NULL};
    if (posix_spawn(&child, "/bin/sh", NULL, NULL, arguments, environ) != 0) return -1;
    command = child;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    command = 0;
    return status;
}

/* Whether there is memory at the address. Where the kernel does not tell, it is believed. */
static int is_readable(const void *address) {
    char byte;
    struct iovec local = {&byte, 1}, remote = {(void *)address, 1};
    return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == 1 || errno != EFAULT;
}

/* With as few digits as tell the number from its neighbours. */
static void print_double(double value) {
    char text[32];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) break;
    }
    fputs(text, stdout);
}

static void print_complex(double real, double imaginary) {
    print_double(real);
    printf(signbit(imaginary) ? " - " : " + ");
    print_double(fabs(imaginary));
    printf("i");
}

static void print_float(const void *value, size_t size) {
    char text[32];
    if (size == sizeof(double)) return print_double(*(const double *)value);
    if (size > sizeof(double)) return (void)printf("%.18Lg", *(const long double *)value);
    for (int digits = 6; digits <= 9; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, *(const float *)value);
        if (strtof(text, NULL) == *(const float *)value) break;
    }
    fputs(text, stdout);
}

static void print_character(unsigned char c) {
    static const char named[] = "\a\b\f\n\r\t\v\0\\'";
    const char *place = memchr(named, c, sizeof named - 1);
    if (place) printf("'\\%c'", "abfnrtv0\\'"[place - named]);
    else printf(c < ' ' || c >= 0x7f ? "'\\x%02x'" : "'%c'", c);
}

static void print_text(const char *text, size_t size) {
    if (!text) printf("NULL");
    else if (!is_readable(text)) printf("%p", (const void *)text);
    else printf("\"%.*s\"", size > INT_MAX ? INT_MAX : (int)size, text);
}

/* Shows a value of one of the types that the macro KR_KIND tells apart. */
void kr_print(char kind, const void *value, size_t size) {
    long long number = size == 1 ? *(const signed char *)value : size == 2 ? *(const short *)value
                     : size == 4 ? *(const int *)value : 0;
    unsigned long long mask = size < 8 ? (1ULL << 8 * size) - 1 : ~0ULL;
    if (size == 8) memcpy(&number, value, 8);
    switch (kind) {
    case 'b': printf("%s", *(const char *)value ? "true" : "false"); break;
    case 'c': print_character(*(const unsigned char *)value); break;
    case 'i': printf("%lld", number); break;
    case 'u': printf("%llu", number & mask); break;
    case 'f': print_float(value, size); break;
    case 'z':
        if (size == 2 * sizeof(float)) print_complex(((const float *)value)[0], ((const float *)value)[1]);
        else print_complex(((const double *)value)[0], ((const double *)value)[1]);
        break;
    case 's': print_text(*(const char *const *)value, INT_MAX); break;
    case 'S': print_text(value, size); break;
    case 'p':
        if (*(void *const *)value) printf("%p", *(void *const *)value);
        else printf("NULL");
        break;
    default: printf("<%zu bytes>", size);
    }
}

void kr_text(const char *text) {
    fputs(text, stdout);
}

/* Shows the braces before and after the element that begins, or ends, `at` bytes behind the start of an array. `sizes` are
   those of the array and of the arrays in it; 0 where there is none. */
void kr_open(const size_t *sizes, size_t at) {
    if (at > 0) kr_text(", ");
    for (int depth = 0; depth < DIMENSIONS; depth++)
        if (sizes[depth] > 0 && at % sizes[depth] == 0) kr_text("{");
}

void kr_close(const size_t *sizes, size_t at) {
    for (int depth = 0; depth < DIMENSIONS; depth++)
        if (sizes[depth] > 0 && at % sizes[depth] == 0) kr_text("}");
}

/* ---- Queries ---- */

static int standard[3];

/* Opens again what the query before has closed. */
static void mend(void) {
    for (int descriptor = 0; descriptor < 3; descriptor++)
        if (fcntl(descriptor, F_GETFD) < 0) dup2(standard[descriptor], descriptor);
    kr_open_streams();
    /* What a query has left unread is not the answer to another's question. */
    __fpurge(stdin);
    clearerr(stdin);
    clearerr(stdout);
}

/* Waits for the command that an interrupt has ended, unless it takes its time. */
static void forget_command(void) {
    if (command && waitpid(command, NULL, WNOHANG) != 0) command = 0;
}

/* Ends a query. In a process that the user's code has forked, that is the end of the process. */
static int end(int code) {
    is_user_code = 0;
    fflush(stdout);
    fflush(stderr);
    if (getpid() != host) _exit(code);
    forget_command();
    return code;
}

static int run(const char *path) {
    tries = 0;
    if (sigsetjmp(escape, 1)) {
        fputs("interrupted\n", stderr);
        return end(INTERRUPTED);
    }
    if (is_pending) {
        is_pending = 0;
        return end(INTERRUPTED);
    }
    void *object = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    if (!object) {
        const char *error = dlerror(), *message = strstr(error, ": ");
        fprintf(stderr, "%s\n", message ? message + 2 : error);
        return end(FAILED);
    }
    loaded++;
    int (*entry)(void) = (int (*)(void))dlsym(object, "kr_entry");
    is_user_code = 1;
    if (is_pending) raise(SIGINT);
    return end(entry());
}

int main(void) {
    struct frame frame = {.text = NULL};
    host = getpid();
    main_thread = pthread_self();
    for (int descriptor = 3; descriptor <= 6; descriptor++) fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    for (int descriptor = 0; descriptor < 3; descriptor++)
        standard[descriptor] = fcntl(descriptor, F_DUPFD_CLOEXEC, 10);
    kr_report_crashes("/kr_cell_");
    kr_on_change = on_change;
    handle_interrupts();
    /* Between queries, completion of names is the runner's own; it only asks for those of files. */
    put("ready 0 0\n", 10);
    for (;;) {
        receive(&frame);
        if (strcmp(frame.kind, "query") == 0) {
            char code[16], *path = frame.text, *needs = strsep(&path, "\n");
            int is_known = loaded > 0 || strcmp(needs, "continued") != 0;
            handle_interrupts();
            forget_command();
            mend();
            snprintf(code, sizeof code, "%d", is_known ? run(path) : FORGOTTEN);
            handle_interrupts();
            say("done", code);
        } else if (strcmp(frame.kind, "settle") == 0) {
            is_pending = 0;
            say("settled", "");
        } else if (strcmp(frame.kind, "complete") == 0) {
            say("completion", "");
        }
    }
}
