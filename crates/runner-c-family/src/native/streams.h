/* Standard streams of a pipe that behave as those of a terminal, and the report of a crash. */
#ifndef KERNEL_RUNNER_STREAMS_H
#define KERNEL_RUNNER_STREAMS_H

/* Opens the standard streams anew, or those of them that the user's code has closed. */
void kr_open_streams(void);

/* Writes what standard output still holds, from a signal handler too. */
void kr_rescue_output(void);

/* What `write` does before it goes on with another stream than the one before. */
extern void (*kr_on_change)(void);

/* Tells the user of a crash: the signal, and the line of the innermost frame in an object whose path contains `object`;
   the empty path is the program's own. */
void kr_report_crashes(const char *object);

#endif
