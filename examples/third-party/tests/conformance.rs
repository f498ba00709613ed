//! Perl against the runner specification.

use runner_perl as _;

runner_testkit::conformance! {
    Subject {
        language: "perl",
        tools: &["perl"],
        hello: r#"print "hello\n""#,
        stderr: r#"print STDERR "trouble\n""#,
        exit_code: "exit 3",
        not_utf8: r#"print "\xff\xfe""#,
        burst: "print 'x' x (1024 * 1024)",
        million_lines: r#"print "$_\n" for 0 .. 999_999"#,
        input: r#"print "name? "; print "hello ", scalar <STDIN>"#,
        forever: r#"print "started\n"; sleep 100 while 1"#,
        ignores_sigint: r#"$SIG{INT} = 'IGNORE'; print "started\n"; sleep 100 while 1"#,
        background: "system '(sleep 1; echo late) &'",
        closes_stdout: "close STDOUT",
        dies_mid_character: r#"print "\xe2\x82"; kill 'KILL', $$"#,
        floods: r#"my $number = 0; print $number++, "\n" while 1"#,
        syntax_error: "print 'hello",
        state: Some(("my $kept = 6", r#"print $kept * 7, "\n""#, "42\n")),
        completion: Some(("prin", "print")),
        main_file: ("main.pl", r#"print "hello\n""#),
        transcripts: &["tests/session.transcript", "tests/interrupts.transcript", "tests/batch.transcript"],
        ..Subject::DEFAULT
    }
}
