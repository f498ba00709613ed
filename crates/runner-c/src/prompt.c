/* Linked into every program by kernel-runner: its output appears line by line, as in a terminal, and a prompt without a
   newline is written before the input is read that it asks for. glibc does the latter when both streams are
   line-buffered; on a pipe they are not, unless somebody says so. */
#include <stdio.h>

__attribute__((constructor)) static void kernel_runner_prompt(void) {
    setvbuf(stdin, NULL, _IOLBF, BUFSIZ);
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
}
