/* Loaded into every C and C++ program that kernel-runner runs, before all else. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "streams.h"

static void flush(void) {
    fflush(stdout);
}

/* It is the program's alone: no child of it gets it, nor sees the variable that has brought it here. The C library has not
   taken over the environment yet, so the variable goes from where it lies. */
static void hide(char **variables) {
    static const char name[] = "LD_PRELOAD=";
    for (; *variables; variables++) {
        if (strncmp(*variables, name, sizeof name - 1) != 0) continue;
        const char *others = strchr(*variables, ':');
        if (others) {
            memmove(*variables + sizeof name - 1, others + 1, strlen(others));
        } else {
            do variables[0] = variables[1];
            while (*++variables);
        }
        return;
    }
}

__attribute__((constructor)) static void start(int count, char **arguments, char **variables) {
    (void)count, (void)arguments;
    hide(variables);
    kr_open_streams();
    kr_report_crashes("");
    pthread_atfork(flush, NULL, NULL);
}

/* A function of the C library that waits, or starts or ends a process: standard output is flushed before. */
#define AFTER_FLUSH(type, name, parameters, arguments) \
    type name parameters { \
        static type(*next) parameters; \
        if (!next) *(void **)&next = dlsym(RTLD_NEXT, #name); \
        flush(); \
        return next arguments; \
    }

AFTER_FLUSH(unsigned, sleep, (unsigned seconds), (seconds))
AFTER_FLUSH(int, usleep, (useconds_t time), (time))
AFTER_FLUSH(int, nanosleep, (const struct timespec *time, struct timespec *rest), (time, rest))
AFTER_FLUSH(int, clock_nanosleep, (clockid_t clock, int flags, const struct timespec *time, struct timespec *rest),
            (clock, flags, time, rest))
AFTER_FLUSH(int, system, (const char *line), (line))
AFTER_FLUSH(FILE *, popen, (const char *line, const char *mode), (line, mode))
AFTER_FLUSH(int, execve, (const char *path, char *const arguments[], char *const variables[]), (path, arguments, variables))
AFTER_FLUSH(int, execv, (const char *path, char *const arguments[]), (path, arguments))
AFTER_FLUSH(int, execvp, (const char *name, char *const arguments[]), (name, arguments))

/* C++ streams that are not kept in step with those of C read without them. */
ssize_t read(int descriptor, void *data, size_t size) {
    static ssize_t (*next)(int, void *, size_t);
    if (!next) *(void **)&next = dlsym(RTLD_NEXT, "read");
    if (descriptor == STDIN_FILENO) flush();
    return next(descriptor, data, size);
}

/* What a terminal would have shown by now is not lost. */
void _exit(int code) {
    kr_rescue_output();
    static void (*next)(int) __attribute__((noreturn));
    *(void **)&next = dlsym(RTLD_NEXT, "_exit");
    next(code);
}

void _Exit(int code) {
    _exit(code);
}
