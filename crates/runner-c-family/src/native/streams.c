/* Standard streams of a pipe that behave as those of a terminal: output appears line by line, and a prompt is seen before
   its answer is read. The C library knows both for terminals only, so here its streams are made of functions of ours.

   Line by line is too slow for a program that prints in masses. So a program that writes often gets a buffer, until it
   writes more rarely again, reads its input, or sleeps. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "streams.h"

void (*kr_on_change)(void);

#ifdef __GLIBC__

/* The user's program may have a `read` or a `write` of its own, which would be called in place of the C library's. Hence
   `syscall`. */

/* Who writes so often within so many milliseconds prints in masses. */
enum { MANY = 100, PERIOD = 20, BUFFER = 1 << 16 };
/* The flags of a stream in the C library that say how it is buffered. */
enum { UNBUFFERED = 0x2, LINE_BUFFERED = 0x200 };

static FILE *output, *input, *errors;
static int is_massive, last_stream;

static long long milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Chooses between line by line and a buffer, unless the user has chosen. */
static void adapt(void) {
    static long long start;
    static int writes;
    int is_line_buffered = stdout->_flags & LINE_BUFFERED;
    if (milliseconds() - start >= PERIOD) {
        start = milliseconds();
        writes = 0;
        if (is_massive && !(stdout->_flags & UNBUFFERED)) stdout->_flags |= LINE_BUFFERED;
        is_massive = 0;
    } else if (++writes > MANY && is_line_buffered) {
        stdout->_flags &= ~LINE_BUFFERED;
        is_massive = 1;
    }
}

static ssize_t write_all(int descriptor, const char *data, size_t size) {
    size_t written = 0;
    if (kr_on_change && last_stream && last_stream != descriptor) kr_on_change();
    last_stream = descriptor;
    while (written < size) {
        ssize_t count = syscall(SYS_write, descriptor, data + written, size - written);
        if (count < 0) return written;
        written += count;
    }
    return written;
}

static ssize_t write_output(void *cookie, const char *data, size_t size) {
    (void)cookie;
    adapt();
    return write_all(STDOUT_FILENO, data, size);
}

static ssize_t write_errors(void *cookie, const char *data, size_t size) {
    (void)cookie;
    if (output) fflush(output);
    return write_all(STDERR_FILENO, data, size);
}

static ssize_t read_input(void *cookie, char *data, size_t size) {
    (void)cookie;
    if (output) fflush(output);
    return syscall(SYS_read, STDIN_FILENO, data, size);
}

static int seek_input(void *cookie, off64_t *offset, int whence) {
    (void)cookie;
    *offset = lseek64(STDIN_FILENO, *offset, whence);
    return *offset < 0 ? -1 : 0;
}

/* The user closes a stream, or opens another file in its place. */
static int close_stream(void *cookie) {
    FILE **stream = cookie;
    int descriptor = stream == &input ? STDIN_FILENO : stream == &output ? STDOUT_FILENO : STDERR_FILENO;
    *stream = NULL;
    return close(descriptor);
}

/* A stream of our own functions in place of `*standard`. It knows its descriptor, and wide characters, as that does. */
static void open_stream(FILE **standard, FILE **stream, int descriptor, const char *mode, cookie_io_functions_t functions) {
    static struct _IO_wide_data *wide[3];
    if (*stream) return;
    if (!wide[descriptor]) wide[descriptor] = (*standard)->_wide_data;
    *stream = fopencookie(stream, mode, functions);
    if (!*stream) return;
    (*stream)->_fileno = descriptor;
    (*stream)->_wide_data = wide[descriptor];
    (*stream)->_mode = 0;
    *standard = *stream;
}

void kr_open_streams(void) {
    static char buffer[BUFFER];
    FILE *before = output;
    open_stream(&stdin, &input, STDIN_FILENO, "r",
                (cookie_io_functions_t){.read = read_input, .seek = seek_input, .close = close_stream});
    open_stream(&stdout, &output, STDOUT_FILENO, "w",
                (cookie_io_functions_t){.write = write_output, .close = close_stream});
    open_stream(&stderr, &errors, STDERR_FILENO, "w",
                (cookie_io_functions_t){.write = write_errors, .close = close_stream});
    if (output && output != before) setvbuf(output, buffer, _IOLBF, sizeof buffer);
    if (errors) setvbuf(errors, NULL, _IONBF, 0);
    last_stream = 0;
}

void kr_rescue_output(void) {
    if (!output) return;
    const char *data = output->_IO_write_base;
    while (data && data < output->_IO_write_ptr) {
        ssize_t count = syscall(SYS_write, STDOUT_FILENO, data, output->_IO_write_ptr - data);
        if (count < 0) break;
        data += count;
    }
    output->_IO_write_ptr = output->_IO_write_base;
}

#else

/* Other C libraries keep their streams to themselves. */
void kr_open_streams(void) {
    setvbuf(stdin, NULL, _IOLBF, BUFSIZ);
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
}

void kr_rescue_output(void) {}

#endif
