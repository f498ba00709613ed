/* The report of a crash: which signal it was, and in which line of the user's. */
#define _GNU_SOURCE
#include <link.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#include "streams.h"

/* A stack that comes this close to the address that was wrong has grown too far. */
enum { REACH = 1 << 16 };
/* So many frames are looked at. */
enum { PLACES = 32 };

static const char *users_object;
static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

/* The innermost places of the user's in the code, and the object that they are in. */
struct places {
    char path[4096];
    char offsets[PLACES][32];
    int count;
    uintptr_t address;
};

static int look_in(struct dl_phdr_info *object, size_t size, void *data) {
    struct places *places = data;
    (void)size;
    const char *path = *object->dlpi_name ? object->dlpi_name : "/proc/self/exe";
    int is_users = *users_object ? strstr(object->dlpi_name, users_object) != NULL : !*object->dlpi_name;
    for (int i = 0; is_users && i < object->dlpi_phnum; i++) {
        uintptr_t start = object->dlpi_addr + object->dlpi_phdr[i].p_vaddr;
        if (object->dlpi_phdr[i].p_type != PT_LOAD || places->address < start ||
            places->address >= start + object->dlpi_phdr[i].p_memsz) continue;
        if (places->count == 0) snprintf(places->path, sizeof places->path, "%s", path);
        if (strcmp(places->path, path) == 0)
            snprintf(places->offsets[places->count++], sizeof *places->offsets, "%#zx",
                     (size_t)(places->address - object->dlpi_addr));
        return 1;
    }
    return 0;
}

/* The frame that has crashed comes first; the others are places to return to, just behind their calls. */
static _Unwind_Reason_Code look_at(struct _Unwind_Context *frame, void *data) {
    struct places *places = data;
    int is_exact = 0;
    places->address = _Unwind_GetIPInfo(frame, &is_exact);
    if (!is_exact) places->address--;
    dl_iterate_phdr(look_in, places);
    return places->count < PLACES ? _URC_NO_REASON : _URC_END_OF_STACK;
}

/* Whether a line of `addr2line` names a file of the user's, and not one that was included from elsewhere. */
static int is_users(const char *line) {
    return *line && !strchr(line, '?') && strncmp(line, "/usr/", 5) != 0 && !strstr(line, "prelude.h") &&
           !strstr(line, "kr_own");
}

/* Puts the file and the line of the innermost place of the user's into `found`, or nothing where they are not known. */
static void find_line(char *found, size_t capacity) {
    static struct places places;
    static char path[4096], text[1 << 14];
    char *arguments[PLACES + 4] = {"addr2line", "-e", path};
    int ends[2];
    *found = '\0';
    _Unwind_Backtrace(look_at, &places);
    if (places.count == 0 || pipe(ends) != 0) return;
    for (int i = 0; i < places.count; i++) arguments[3 + i] = places.offsets[i];
    if (readlink(places.path, path, sizeof path - 1) < 0) memcpy(path, places.path, sizeof path);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(STDERR_FILENO);
        execvp(*arguments, arguments);
        _exit(127);
    }
    close(ends[1]);
    size_t size = 0;
    ssize_t count;
    while (size < sizeof text - 1 && (count = syscall(SYS_read, ends[0], text + size, sizeof text - 1 - size)) > 0)
        size += count;
    close(ends[0]);
    text[size] = '\0';
    if (child > 0) waitpid(child, NULL, 0);
    char *rest = text, *line;
    while ((line = strsep(&rest, "\n")) && !is_users(line)) continue;
    if (!line) return;
    /* `(discriminator 1)` tells nobody anything. */
    line[strcspn(line, "(")] = '\0';
    const char *name = strrchr(line, '/');
    snprintf(found, capacity, "%s", name ? name + 1 : line);
    size = strlen(found);
    while (size > 0 && found[size - 1] == ' ') found[--size] = '\0';
}

static uintptr_t stack_pointer(void *context) {
    mcontext_t *machine = &((ucontext_t *)context)->uc_mcontext;
#if defined __x86_64__
    return machine->gregs[REG_RSP];
#elif defined __aarch64__
    return machine->sp;
#else
    return (void)machine, 0;
#endif
}

static void on_crash(int number, siginfo_t *info, void *context) {
    static char line[4096];
    signal(number, SIG_DFL);
    /* Whatever this handler does in a broken process, it does not last. */
    signal(SIGALRM, SIG_DFL);
    alarm(5);
    kr_rescue_output();
    uintptr_t distance = (uintptr_t)info->si_addr - stack_pointer(context) + REACH;
    int is_overflow = number == SIGSEGV && info->si_code > 0 && distance < 2 * REACH;
    find_line(line, sizeof line);
    dprintf(STDERR_FILENO, "%s%s%s\n", is_overflow ? "Stack overflow" : strsignal(number), *line ? " at " : "", line);
    raise(number);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void kr_report_crashes(const char *object) {
    static char stack[1 << 16];
    stack_t alternative = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    users_object = object;
    sigaltstack(&alternative, NULL);
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++) sigaction(crashes[i], &action, NULL);
}
