# The driver of a Perl session: it runs queries in this interpreter and keeps their state. It speaks to the runner over
# the descriptors 3 and 4; standard input, output and error are the user's. Input needs nothing from it: the runner sees
# that the interpreter waits.
#
# A query is compiled inside of the one before it, whose `eval` has not come to its end. So it sees the variables of `my`
# and the pragmas of all queries before it, as if they were one file.

{
    package KernelRunner;

    use strict;
    use warnings;
    use Errno 'EINTR';
    use Fcntl qw(F_SETFD FD_CLOEXEC);

    # What a query that failed ends with, as a script would, and one that was interrupted.
    use constant { FAILED => 255, INTERRUPTED => 130 };
    use constant INTERRUPT => "interrupted\n";
    use constant MOST_NAMES => 5000;

    # Only such a query leaves something that is seen by those inside of it alone. Others end, and cost no memory.
    my $HAS_SCOPE = qr/\b(?:my|our|state|local|use|no|package)\b/;

    my $PID = $$;
    my $LOOP = 'KERNEL_RUNNER: eval KernelRunner::next_query(); KernelRunner::over($@); goto KERNEL_RUNNER;';

    # The link --------------------------------------------------------------------------------------------------------

    my ($reader, $writer, @completions);
    open $reader, '<&=', 3 or die "descriptor 3: $!";
    open $writer, '>&=', 4 or die "descriptor 4: $!";
    open $completions[0], '<&=', 5 or die "descriptor 5: $!";
    open $completions[1], '>&=', 6 or die "descriptor 6: $!";
    # What the user's code starts does not get them.
    fcntl $_, F_SETFD, FD_CLOEXEC for $reader, $writer, @completions;

    my $buffer = '';

    sub send_frame {
        my ($kind, @parts) = @_;
        utf8::is_utf8($_) && utf8::encode($_) for @parts;
        my $frame = join(' ', $kind, map { length } @parts) . "\n" . join('', @parts);
        while (length $frame) {
            my $written = syswrite $writer, $frame;
            leave() unless defined $written or $! == EINTR;
            substr $frame, 0, $written // 0, '';
        }
    }

    # The next frame: its kind and its parts.
    sub receive {
        more() until $buffer =~ /\n/;
        $buffer =~ s/^([^\n]*)\n//;
        my ($kind, @lengths) = split / /, $1;
        my $size = 0;
        $size += $_ for @lengths;
        more() while length $buffer < $size;
        return $kind, map { substr $buffer, 0, $_, '' } @lengths;
    }

    sub more {
        my $count = sysread $reader, $buffer, 1 << 16, length $buffer;
        leave() unless $count or not defined $count and $! == EINTR;
    }

    # The runner is gone, or wants the end.
    sub leave {
        exit 0;
    }

    # Interrupts ------------------------------------------------------------------------------------------------------

    # SIGINT ends the user's code, and never the driver's: there it is remembered until the user's goes on.
    my $is_user_code = 0;
    my $is_interrupted = 0;

    sub on_interrupt {
        $is_interrupted = 1;
        enter_user_code() if $is_user_code;
    }

    sub enter_user_code {
        $is_user_code = 1;
        return unless $is_interrupted;
        $is_interrupted = 0;
        die INTERRUPT;
    }

    # What the user's code may call -----------------------------------------------------------------------------------

    my $sequence = 0;

    # Asks the runner, and waits for the answer.
    sub ask {
        my ($kind, @parts) = @_;
        my $was_user_code = $is_user_code;
        $is_user_code = 0;
        my $number = ++$sequence;
        send_frame($kind, $number, @parts);
        my (undef, $answered, $text) = receive();
        (undef, $answered, $text) = receive() until $answered == $number;
        enter_user_code() if $was_user_code;
        return $text;
    }

    # Shows `data` of the MIME type `mime`, after everything that was printed so far.
    sub main::display {
        my ($mime, $data) = @_;
        die "display(MIME, DATA) takes two strings\n" unless @_ == 2 and defined $mime and defined $data;
        STDOUT->flush;
        # A child of the code's has the session's link, and no business there.
        ask('display', $mime, $data) if $$ == $PID;
        return;
    }

    # Completion ------------------------------------------------------------------------------------------------------

    my @WORDS = qw(
        abs bless chomp chop chr close defined delete die display do each else elsif eval exists exit for foreach grep hex
        if index int join keys last lc lcfirst length local map my next no open ord our package pop pos print printf push
        qw rand readline redo ref require return reverse rindex say scalar shift sleep sort splice split sprintf sqrt state
        sub substr system time tr uc ucfirst undef unless unlink unpack unshift until use values wantarray warn while
    );
    my %variables;
    my $told = '';

    sub names {
        no strict 'refs';
        my @subs = grep { /^[a-z]\w*$/i and defined &{"main::$_"} } keys %main::;
        my %names = map { $_ => 1 } @WORDS, @subs, keys %variables;
        my @names = sort keys %names;
        return @names > MOST_NAMES ? @names[0 .. MOST_NAMES - 1] : @names;
    }

    # Tells the runner what to offer while it has nobody to ask.
    sub tell_names {
        my @names = names();
        my $text = "@names";
        send_frame('names', 'session', @names) if $text ne $told;
        $told = $text;
    }

    sub completions {
        my ($token) = $_[0] =~ /([\$\@%&]?\w*)\z/;
        return length $token ? grep { index($_, $token) == 0 } names() : ();
    }

    # Queries ---------------------------------------------------------------------------------------------------------

    my $query = 0;

    # Waits for the next query, and makes it something to evaluate.
    sub next_query {
        while (1) {
            my ($kind, @parts) = receive();
            if ($kind eq 'query') {
                return prepared($parts[0]);
            } elsif ($kind eq 'complete') {
                send_frame('completion', completions($parts[0]));
            } elsif ($kind eq 'settle') {
                $is_interrupted = 0;
                send_frame('settled');
            }
        }
    }

    sub prepared {
        my ($code) = @_;
        $query++;
        # What the query before has closed, or kept from being interrupted, is its own.
        open STDOUT, '>&=', 1 unless defined fileno STDOUT;
        open STDERR, '>&=', 2 unless defined fileno STDERR;
        STDOUT->autoflush;
        $SIG{INT} = \&on_interrupt;
        $variables{$1} = 1 while $code =~ /([\$\@%][a-z_]\w*)/gi;
        my $end = $code =~ $HAS_SCOPE ? "\n;KernelRunner::over('');$LOOP" : '';
        return "KernelRunner::enter_user_code();\n#line 1 \"query $query\"\n$code$end";
    }

    # A query has come to its end, and this is what it died of, if so.
    sub over {
        my ($problem) = @_;
        $is_user_code = 0;
        # A child of the code's ends where a script would.
        exit 0 if $$ != $PID;
        my $exit_code = 0;
        if (ref $problem or length $problem) {
            my $text = eval { "$problem" } // 'died of something that cannot be shown';
            $exit_code = $text eq INTERRUPT ? INTERRUPTED : FAILED;
            report($text =~ /\n\z/ ? $text : "$text\n");
        }
        STDOUT->flush;
        tell_names();
        send_frame('done', $exit_code);
    }

    sub report {
        my ($text) = @_;
        local ($\, $,);
        STDOUT->flush;
        ask('sync');
        print STDERR $text;
    }

    # Separators of names, and what names are made of besides letters: so this driver has one thread.
    tell_names();
    send_frame('ready', ':', '$@%&');
}

KERNEL_RUNNER: eval KernelRunner::next_query(); KernelRunner::over($@); goto KERNEL_RUNNER;
