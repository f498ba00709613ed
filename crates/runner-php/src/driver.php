<?php
/**
 * The driver of a PHP session: it runs queries in this interpreter and keeps their state.
 *
 * It talks to the runner over descriptors 3 to 6, as docs/src/session-link.md has it; standard input, output and error
 * belong to the user's code. A query is included like a file, in the global scope, where the driver has no variable.
 *
 * PHP ends at a fatal error. So that the state outlives it, four kinds of processes share the work:
 *
 *     head      the one that was started: it only waits for the last word, and ends with that exit code
 *     guard     the parent of a session: it waits for the session's death and tells the savegame how that came
 *     session   runs the queries
 *     savegame  a fork of the idle session: it completes code, looks after interrupts, and takes over when the session
 *               dies; the session makes a new one after each query
 *
 * Without the extensions pcntl and posix there is a session only.
 */

namespace KernelRunner {

    const INTERRUPTED = 130;
    /** Errors that end the interpreter. */
    const FATALS = E_ERROR | E_PARSE | E_CORE_ERROR | E_COMPILE_ERROR | E_USER_ERROR | E_RECOVERABLE_ERROR;
    /** A query above this size is run as it is: its tokens would fill the memory. */
    const LARGE = 1 << 20;
    const MOST_SUGGESTIONS = 1000;
    /** How often a savegame looks around, in microseconds: always, and after an interrupt. */
    const PATIENCE = 500000;
    const IMPATIENCE = 20000;
    /** After so many looks a session that has not noticed the interrupt never will. */
    const LAST_LOOK = 35;

    // Kinds of tokens that older versions of PHP lack: no token is of them there.
    foreach (['T_ATTRIBUTE', 'T_ENUM', 'T_NAME_FULLY_QUALIFIED', 'T_NULLSAFE_OBJECT_OPERATOR'] as $kernelRunnerKind) {
        if (!defined($kernelRunnerKind)) {
            define(__NAMESPACE__ . "\\$kernelRunnerKind", -1);
        }
    }
    unset($kernelRunnerKind);

    /** Frames: a header line `KIND LENGTH ...`, then the parts as they are. */
    final class Link
    {
        public $reader;
        private $writer;
        private $buffer = '';

        public function __construct(int $reader, int $writer)
        {
            $this->reader = descriptor($reader, 'r');
            $this->writer = descriptor($writer, 'w');
        }

        public function send(string $kind, string ...$parts): void
        {
            $header = implode(' ', array_merge([$kind], array_map('strlen', $parts)));
            if (!write($this->writer, $header . "\n" . implode('', $parts))) {
                Session::leave();
            }
        }

        /** The next frame, its kind first; null when the runner is gone. */
        public function receive(): ?array
        {
            while (($end = strpos($this->buffer, "\n")) === false) {
                if (!$this->read()) {
                    return null;
                }
            }
            $lengths = explode(' ', substr($this->buffer, 0, $end));
            $frame = [array_shift($lengths)];
            $start = $end + 1;
            while (strlen($this->buffer) < $start + array_sum($lengths)) {
                if (!$this->read()) {
                    return null;
                }
            }
            foreach ($lengths as $length) {
                $frame[] = (string) substr($this->buffer, $start, (int) $length);
                $start += (int) $length;
            }
            $this->buffer = (string) substr($this->buffer, $start);
            return $frame;
        }

        /** Nothing of a further frame was read yet. */
        public function isAtBoundary(): bool
        {
            return $this->buffer === '';
        }

        private function read(): bool
        {
            $piece = @fread($this->reader, 1 << 16);
            $this->buffer .= $piece;
            // A signal may end the wait with nothing.
            return (string) $piece !== '' || !feof($this->reader);
        }
    }

    /** A stream of our own on a descriptor. */
    function descriptor(int $number, string $mode)
    {
        $stream = fopen("php://fd/$number", $mode);
        stream_set_read_buffer($stream, 0);
        stream_set_write_buffer($stream, 0);
        return $stream;
    }

    /** Writes all of `data`; false when nobody reads any more. */
    function write($stream, string $data): bool
    {
        while ($data !== '') {
            error_clear_last();
            $written = @fwrite($stream, $data);
            // A signal may end the wait with nothing, and without an error.
            if ($written === false && error_get_last() !== null) {
                return false;
            }
            $data = (string) substr($data, (int) $written);
        }
        return true;
    }

    /** Ends this process: no destructor, no shutdown function, no flush. */
    function vanish(): void
    {
        posix_kill(getmypid(), SIGKILL);
    }

    /** What SIGINT makes of the user's code. */
    final class Interrupt extends \Error
    {
    }

    /** SIGINT ends the user's code, and never the driver's: there it is remembered until the user's goes on. */
    final class Interrupts
    {
        private static $isUserCode = false;
        private static $isPending = false;
        /** What SIGINT does in the user's code: ours, or what the user has set. */
        private static $handler = [self::class, 'onSignal'];

        public static function install(): void
        {
            if (Savegame::isPossible()) {
                pcntl_async_signals(true);
                pcntl_signal(SIGINT, [self::class, 'onSignal']);
                // Ends a call that SIGINT does not. That one lets calls go on, as PHP gives its output up when a signal
                // ends a write.
                pcntl_signal(SIGURG, [Savegame::class, 'onPoke'], false);
            }
        }

        public static function onSignal(): void
        {
            self::$isPending = true;
            if (self::$isUserCode) {
                self::raisePending();
            }
        }

        public static function enterQuery(): void
        {
            if (Savegame::isPossible()) {
                pcntl_async_signals(true);
                pcntl_signal(SIGINT, self::$handler);
            }
            self::$isUserCode = true;
            self::raisePending();
        }

        public static function leaveQuery(): void
        {
            self::$isUserCode = false;
            if (Savegame::isPossible()) {
                $handler = pcntl_signal_get_handler(SIGINT);
                self::$handler = $handler === SIG_DFL ? [self::class, 'onSignal'] : $handler;
                self::install();
            }
        }

        public static function forget(): void
        {
            self::$isPending = false;
        }

        /** Runs driver code that the user's code calls. */
        public static function hold(callable $work)
        {
            $wasUserCode = self::$isUserCode;
            self::$isUserCode = false;
            try {
                return $work();
            } finally {
                self::$isUserCode = $wasUserCode;
                if ($wasUserCode) {
                    self::raisePending();
                }
            }
        }

        private static function raisePending(): void
        {
            if (self::$isPending) {
                self::$isPending = false;
                throw new Interrupt('interrupted');
            }
        }
    }

    /** The processes around a session; see the top of this file. */
    final class Savegame
    {
        /** The session's end of the will: guards write there too. */
        private static $will;
        /** The savegame's end of it. */
        private static $heir;
        /** Where the head waits for the exit code. */
        private static $lastWord;
        private static $exists = false;
        /** When the interrupt came that the session has not noticed yet, by the clock that all processes share. */
        private static $interruptedAt = null;

        public static function isPossible(): bool
        {
            static $isPossible = null;
            return $isPossible = $isPossible ?? (function_exists('pcntl_fork') && function_exists('posix_kill'));
        }

        /** Returns in the session. */
        public static function start(): void
        {
            [self::$will, self::$heir] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
            [$head, self::$lastWord] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
            self::adoptOrphans();
            // Not ignored: the runner would take this process for a shell, and interrupt each new savegame for it.
            pcntl_signal(SIGINT, function () {
            });
            // Guards and savegames end unnoticed.
            pcntl_signal(SIGCHLD, SIG_IGN);
            if (pcntl_fork() > 0) {
                fclose(self::$lastWord);
                do {
                    $exitCode = fgets($head);
                } while ($exitCode === false && !feof($head));
                exit($exitCode === false ? 1 : (int) $exitCode);
            }
            pcntl_signal(SIGCHLD, SIG_DFL);
            fclose($head);
            self::guard();
        }

        /** Whoever takes over stays below the head, where the runner looks for who waits for input. */
        private static function adoptOrphans(): void
        {
            try {
                \FFI::cdef('int prctl(int, long);')->prctl(36 /* PR_SET_CHILD_SUBREAPER */, 1);
            } catch (\Throwable $error) {
                // There is no FFI, or it is forbidden.
            }
        }

        /** Forks. The child is a session, and the function returns there; the parent is its guard. */
        private static function guard(): void
        {
            $session = pcntl_fork();
            if ($session === 0) {
                Session::$pid = getmypid();
                return;
            }
            write(self::$will, 'died ' . self::reap($session) . "\n");
            vanish();
        }

        /** Waits for the end of a child, and tells how it came. */
        private static function reap(int $child): int
        {
            do {
                $isInterrupted = pcntl_waitpid($child, $status) === -1 && pcntl_get_last_error() === PCNTL_EINTR;
            } while ($isInterrupted);
            return $status;
        }

        /** Forks a savegame in place of the one before. Returns in the session, be it this one or its successor. */
        public static function renew(): void
        {
            if (!self::isPossible()) {
                return;
            }
            do {
                if (self::$exists) {
                    self::tell('over');
                    self::hear('gone');
                }
                self::$exists = true;
                $session = getmypid();
                $child = @pcntl_fork();
                if ($child === -1) {
                    // There is no memory for it.
                    self::$exists = false;
                    return;
                }
                if ($child > 0) {
                    self::reap($child);
                    // From here on it sees every interrupt.
                    self::hear('here');
                    return;
                }
                // A child of the session's own would be found by a user's `pcntl_wait`.
                if (@pcntl_fork() !== 0) {
                    vanish();
                }
                self::wait($session);
                self::$exists = false;
            } while (true);
        }

        /** Waits until the savegame says this. One that was killed never will. */
        private static function hear(string $word): void
        {
            stream_set_timeout(self::$will, 1);
            do {
                $heard = fgets(self::$will);
            } while ($heard !== false && $heard !== "$word\n");
        }

        /** Tells the savegame something. */
        public static function tell(string $word): void
        {
            if (self::isPossible() && Session::isHere()) {
                write(self::$will, "$word\n");
            }
        }

        /** The session knows of all interrupts so far. */
        public static function onPoke(): void
        {
            self::tell('heard ' . hrtime(true));
        }

        public static function onInterrupt(): void
        {
            self::$interruptedAt = hrtime(true);
        }

        /** Is the savegame of `session`. Returns in its successor, when it has died. */
        private static function wait(int $session): void
        {
            $onTerminate = pcntl_signal_get_handler(SIGTERM);
            pcntl_async_signals(true);
            pcntl_signal(SIGTERM, SIG_DFL);
            pcntl_signal(SIGURG, SIG_DFL);
            pcntl_signal(SIGINT, [self::class, 'onInterrupt'], false);
            // A handler of the user's would be called for the errors of system calls, suppressed or not.
            set_error_handler(function () {
                return true;
            });
            $isBusy = $isExit = $isAbandoned = false;
            $looks = 0;
            self::$interruptedAt = null;
            write(self::$heir, "here\n");
            while (true) {
                $ready = [self::$heir, Session::$completions->reader];
                $none = null;
                $isPoking = $isBusy && self::$interruptedAt !== null;
                if (stream_select($ready, $none, $none, 0, $isPoking ? IMPATIENCE : PATIENCE) === false) {
                    continue;
                }
                if (in_array(Session::$completions->reader, $ready, true)) {
                    Completer::answer();
                }
                if (!in_array(self::$heir, $ready, true)) {
                    if ($isPoking && Output::hasRoom()) {
                        $isAbandoned = ++$looks >= LAST_LOOK;
                        posix_kill($session, $isAbandoned ? SIGKILL : SIGURG);
                    }
                    continue;
                }
                [$word, $detail] = explode(' ', trim(fgets(self::$heir)) . ' ');
                if ($word === 'begin') {
                    $isBusy = true;
                } elseif ($word === 'heard' && self::$interruptedAt < (int) $detail) {
                    self::$interruptedAt = null;
                    $looks = 0;
                } elseif ($word === 'exit') {
                    $isExit = true;
                } elseif ($word === 'over') {
                    while (!Session::$completions->isAtBoundary()) {
                        Completer::answer();
                    }
                    write(self::$heir, "gone\n");
                    vanish();
                } elseif ($word === 'died') {
                    break;
                }
            }
            $status = (int) $detail;
            if ($isExit && pcntl_wifexited($status)) {
                write(self::$lastWord, pcntl_wexitstatus($status) . "\n");
                vanish();
            }
            self::guard();
            restore_error_handler();
            pcntl_signal(SIGTERM, $onTerminate);
            Interrupts::install();
            Session::succeed($isBusy, $isAbandoned, $status);
        }
    }

    /** Standard output and error, in one order. */
    final class Output
    {
        private const LABELS = [
            E_WARNING => 'Warning', E_NOTICE => 'Notice', E_DEPRECATED => 'Deprecated', E_USER_WARNING => 'Warning',
            E_USER_NOTICE => 'Notice', E_USER_DEPRECATED => 'Deprecated', E_CORE_WARNING => 'Warning',
            E_COMPILE_WARNING => 'Warning',
        ];
        /** Streams of our own on descriptors 0 to 2, and the pipes behind them. */
        private static $streams = [];
        private static $pipes = [];

        public static function prepare(): void
        {
            foreach (['r', 'w', 'w'] as $number => $mode) {
                self::$streams[] = descriptor($number, $mode);
                self::$pipes[] = @readlink("/proc/self/fd/$number");
            }
            stream_filter_register('kernel-runner.stderr', ErrorFilter::class);
            stream_filter_append(STDERR, 'kernel-runner.stderr', STREAM_FILTER_WRITE);
            set_error_handler([self::class, 'onError']);
        }

        /** Whether a write to either stream would find room. */
        public static function hasRoom(): bool
        {
            $none = null;
            $room = [self::$streams[1], self::$streams[2]];
            return stream_select($none, $room, $none, 0) === 2;
        }

        /** Writes to standard error, after all output before and before all output after. */
        public static function error(string $text): void
        {
            Interrupts::hold(function () use ($text) {
                Session::ask('sync');
                write(self::$streams[2], $text);
                Session::ask('sync');
            });
        }

        /** Says what PHP says of a warning. */
        public static function onError(int $level, string $message, string $file, int $line): bool
        {
            if (!(error_reporting() & $level) || !isset(self::LABELS[$level])) {
                return false;
            }
            if (ini_get('display_errors') && strcasecmp(ini_get('display_errors'), 'off') !== 0) {
                self::error(self::LABELS[$level] . ': ' . Names::shown($message) . " in $file on line $line\n");
            }
            return true;
        }

        /** Opens again what the query has closed, and drops what it left of its input. */
        public static function mend(): void
        {
            foreach (self::$pipes as $number => $pipe) {
                clearstatcache();
                if (is_link("/proc/self/fd/$number")) {
                    continue;
                }
                foreach (scandir('/proc/self/fd') as $copy) {
                    if (is_link("/proc/self/fd/$copy") && readlink("/proc/self/fd/$copy") === $pipe) {
                        // It gets the lowest number that is free.
                        self::$streams["mended $number"] = descriptor((int) $copy, $number ? 'w' : 'r');
                        break;
                    }
                }
            }
            $unread = is_resource(STDIN) ? stream_get_meta_data(STDIN)['unread_bytes'] : 0;
            if ($unread > 0) {
                fread(STDIN, $unread);
            }
        }
    }

    /** What the user's code writes to `STDERR` goes the way of all errors. */
    final class ErrorFilter extends \php_user_filter
    {
        #[\ReturnTypeWillChange]
        public function filter($in, $out, &$consumed, $closing)
        {
            while ($bucket = stream_bucket_make_writeable($in)) {
                $consumed += $bucket->datalen;
                Output::error($bucket->data);
            }
            return PSFS_FEED_ME;
        }
    }

    /**
     * The newest versions of what queries define.
     *
     * PHP cannot define a function or a class again. A second one gets a name of its own, the first name with digits
     * that nobody sees, and where later queries say the name they mean the newest. The functions of earlier queries
     * forward the calls that still reach them.
     */
    final class Names
    {
        /** The digits of the Unicode block Tags. */
        private const DIGITS = [
            "\u{E0030}", "\u{E0031}", "\u{E0032}", "\u{E0033}", "\u{E0034}",
            "\u{E0035}", "\u{E0036}", "\u{E0037}", "\u{E0038}", "\u{E0039}",
        ];
        /** What a name means now, where that is not what it says; names are in lower case. */
        public static $functions = ['display' => '\KernelRunner\display', 'readline' => '\KernelRunner\readline'];
        public static $classes = [];
        /** The texts of the newest definitions. */
        private static $texts = [];
        private static $version = 1;
        /** What the running query changes: an undefined new name gives way to the one before. */
        private static $changes = [];

        /** The name for a definition of `name`, null when this very definition is there already. */
        public static function define(string $kind, string $name, string $text): ?string
        {
            $key = strtolower($name);
            $known = &self::known($kind);
            $before = $known[$key] ?? $name;
            // What it says of itself is no difference.
            $text = str_replace($before, $name, $text);
            if ($before[0] === '\\' || !self::isReplaceable($kind, $before)) {
                $after = $name;
            } elseif ((self::$texts["$kind $key"] ?? '') === $text) {
                return null;
            } else {
                $after = $name . strtr((string) ++self::$version, self::DIGITS);
            }
            self::$changes[] = [$kind, $key, $known[$key] ?? null, $after, self::$texts["$kind $key"] ?? ''];
            self::$texts["$kind $key"] = $text;
            $known[$key] = $after;
            return $after;
        }

        /** The query is over: what it was to define and did not is as before. */
        public static function settle(): void
        {
            foreach (self::$changes as [$kind, $key, $before, $after, $text]) {
                if (!self::exists($kind, $after)) {
                    self::$texts["$kind $key"] = $text;
                    $known = &self::known($kind);
                    if ($before === null) {
                        unset($known[$key]);
                    } else {
                        $known[$key] = $before;
                    }
                }
            }
            self::$changes = [];
        }

        /** `text` as a person should see it. */
        public static function shown(string $text): string
        {
            return str_replace(self::DIGITS, '', $text);
        }

        private static function &known(string $kind): array
        {
            if ($kind === 'function') {
                return self::$functions;
            }
            return self::$classes;
        }

        /** Whether `name` is defined, and not by PHP itself: that would be an error that PHP should tell. */
        private static function isReplaceable(string $kind, string $name): bool
        {
            if (!self::exists($kind, $name)) {
                return false;
            }
            $definition = $kind === 'function' ? new \ReflectionFunction($name) : new \ReflectionClass($name);
            return $definition->isUserDefined();
        }

        private static function exists(string $kind, string $name): bool
        {
            return $kind === 'function'
                ? function_exists($name)
                : class_exists($name, false) || interface_exists($name, false) || trait_exists($name, false);
        }
    }

    /** The PHP that is run for a query. */
    final class Source
    {
        private const SPACE = [T_WHITESPACE, T_COMMENT, T_DOC_COMMENT];
        private const NESTING = [
            '(' => 1, '[' => 1, '{' => 1, T_CURLY_OPEN => 1, T_DOLLAR_OPEN_CURLY_BRACES => 1, T_ATTRIBUTE => 1,
            ')' => -1, ']' => -1, '}' => -1,
        ];
        private const DEFINITIONS = [
            T_FUNCTION => 'function', T_CLASS => 'class', T_INTERFACE => 'class', T_TRAIT => 'class', T_ENUM => 'class',
        ];
        /** What stands before a word that is no function and no class: the name of a member, or of something new. */
        private const BEFORE_OTHERS = [
            T_OBJECT_OPERATOR, T_NULLSAFE_OBJECT_OPERATOR, T_DOUBLE_COLON, T_NS_SEPARATOR, T_FUNCTION, T_CONST, T_CASE,
            T_CLASS, T_INTERFACE, T_TRAIT, T_ENUM,
        ];
        /** What stands before the head of a statement, and what heads one without brackets. */
        private const HEADS = [T_IF, T_ELSEIF, T_ELSE, T_FOR, T_FOREACH, T_WHILE];
        /** Expressions whose value says nothing. */
        private const SILENT = [T_PRINT, T_INCLUDE, T_INCLUDE_ONCE, T_REQUIRE, T_REQUIRE_ONCE, T_EXIT];
        /** `use` statements of all queries, by kind and alias. */
        private static $imports = [];

        /** Whether it returns the value of a last expression. */
        public $hasValue = false;
        public $text;
        /** Its tokens: pairs of a kind and a text. */
        private $tokens;

        public function __construct(string $code)
        {
            $code = strncmp($code, "\xEF\xBB\xBF", 3) === 0 ? substr($code, 3) : $code;
            $isFile = preg_match('/^\s*<(?!<<)/', $code);
            $this->text = $isFile ? $code : '<?php ' . $code;
            if (strlen($code) > LARGE || !($this->parse() || (!$isFile && $this->parseFile($code)))) {
                return;
            }
            if ($this->find(T_NAMESPACE) === null) {
                $this->define();
                $this->import();
            }
            $this->text = implode('', array_column($this->tokens, 1));
        }

        /** As PHP's own shell has it: what the parser misses at the end may follow, except for a semicolon. */
        public static function completeness(string $code): string
        {
            $code = preg_replace('/^\xEF\xBB\xBF/', '', $code);
            $isFile = preg_match('/^\s*<(?!<<)/', $code) || (strpos($code, '<?') !== false && self::tokens($code));
            // A heredoc begins with a line feed.
            $text = ($isFile ? $code : "<?php $code") . "\n";
            $problem = self::problem($text);
            if ($problem === null) {
                return 'complete';
            }
            $open = [];
            $before = $header = null;
            $hasDo = false;
            foreach (@token_get_all($text) as $token) {
                [$kind, $part] = is_array($token) ? $token : [$token, $token];
                if (in_array($kind, self::SPACE, true)) {
                    continue;
                }
                if ($kind === '(') {
                    $open[] = $before;
                }
                $header = $kind === ')' ? array_pop($open) : $kind;
                $hasDo = $hasDo || $kind === T_DO;
                $before = $kind;
            }
            if ($header === T_ENCAPSED_AND_WHITESPACE && $part[0] === "'") {
                return 'incomplete';
            }
            if (!preg_match('/unexpected end of file|^Unterminated|^Unclosed (?!.* does not match)/', $problem)) {
                return 'invalid';
            }
            // With a semicolon, the head of a loop would be a loop.
            $isHead = in_array($header, self::HEADS, true) && !($header === T_WHILE && $hasDo);
            $end = self::lastStatement($text)[1];
            $isStatement = self::problem(substr($text, 0, $end) . ';' . substr($text, $end)) === null;
            return $isStatement && !$isHead ? 'complete' : 'incomplete';
        }

        /** What is wrong with the text, null when nothing is. */
        private static function problem(string $text): ?string
        {
            try {
                @token_get_all($text, TOKEN_PARSE);
                return null;
            } catch (\Error $error) {
                return $error->getMessage();
            }
        }

        /** Text with PHP in it, which need not begin with PHP. */
        private function parseFile(string $code): bool
        {
            $this->tokens = strpos($code, '<?') === false ? null : self::tokens($code);
            if ($this->tokens !== null) {
                $this->text = $code;
            }
            return $this->tokens !== null;
        }

        /** Parses the text, the last statement of which may lack its semicolon. False when it is not PHP. */
        private function parse(): bool
        {
            $this->tokens = self::tokens($this->text);
            if ($this->tokens !== null) {
                return true;
            }
            [$starts, $end] = self::lastStatement($this->text);
            $rest = ';' . substr($this->text, $end);
            $this->tokens = self::tokens(substr($this->text, 0, $end) . $rest);
            if ($this->tokens === null) {
                return false;
            }
            foreach ($starts as [$start, $kind]) {
                if (in_array($kind, self::SILENT, true)) {
                    break;
                }
                $body = substr($this->text, $start, $end - $start);
                $tokens = self::tokens(substr($this->text, 0, $start) . "return $body$rest");
                if ($tokens !== null) {
                    $this->tokens = $tokens;
                    $this->hasValue = true;
                    break;
                }
            }
            return true;
        }

        /** Where the last statement may begin, the latest place first, and where it ends. */
        private static function lastStatement(string $text): array
        {
            $starts = [];
            $offset = $end = $depth = 0;
            $isStart = false;
            $opener = null;
            foreach (@token_get_all($text) as $token) {
                [$kind, $part] = is_array($token) ? $token : [$token, $token];
                if ($kind === T_OPEN_TAG || ($kind === ';' && $depth === 0)) {
                    $starts = [];
                    $isStart = true;
                } elseif (!in_array($kind, self::SPACE, true)) {
                    if ($isStart) {
                        array_unshift($starts, [$offset, $kind]);
                    }
                    $opener = $depth === 0 ? $kind : $opener;
                    $depth += self::NESTING[$kind] ?? 0;
                    // A brace in a string closes no block.
                    $isStart = $kind === '}' && $depth === 0 && $opener === '{';
                    $end = $offset + strlen($part);
                }
                $offset += strlen($part);
            }
            return [$starts, $end];
        }

        /** The tokens of `text`, or null when it does not parse. */
        private static function tokens(string $text): ?array
        {
            try {
                return array_map(function ($token) {
                    return is_array($token) ? $token : [$token, $token];
                }, @token_get_all($text, TOKEN_PARSE));
            } catch (\Error $error) {
                return null;
            }
        }

        /** Gives the functions and classes that are defined again new names, here and wherever they are meant. */
        private function define(): void
        {
            $definitions = [];
            $depth = 0;
            foreach ($this->tokens as $at => [$kind]) {
                $depth += self::NESTING[$kind] ?? 0;
                // `Foo::class` and `use function foo` define nothing.
                $isDefinition = isset(self::DEFINITIONS[$kind])
                    && !in_array($this->kind($this->next($at, -1)), [T_DOUBLE_COLON, T_USE], true);
                if ($depth > 0 || !$isDefinition) {
                    continue;
                }
                $name = $this->next($at);
                $name = $this->text($name) === '&' ? $this->next($name) : $name;
                if ($this->kind($name) === T_STRING) {
                    $definitions[] = [self::DEFINITIONS[$kind], $at, $name];
                }
            }
            foreach ($definitions as [$kind, $at, $name]) {
                $this->defineOne($kind, $at, $name);
            }
            $this->resolve(0, count($this->tokens));
        }

        private function defineOne(string $kind, int $at, int $name): void
        {
            $word = $this->text($name);
            while (in_array($this->text($before = $this->next($at, -1)), ['abstract', 'final', 'readonly'], true)) {
                $at = $before;
            }
            $open = $this->find('{', $name);
            $end = $this->closing($open);
            $this->resolve($at, $end);
            $text = $this->textOf($at, $end);
            $newest = Names::define($kind, $word, $text);
            if ($newest === null) {
                // It is there already. Its lines stay, so that those after it keep their numbers.
                for ($index = $at; $index <= $end; $index++) {
                    $this->tokens[$index] = [T_WHITESPACE, preg_replace('/[^\n]+/', '', $this->text($index))];
                }
                return;
            }
            $this->tokens[$name] = [T_STRING, $newest];
            if ($kind === 'function' && $this->text($this->next($name, -1)) !== '&') {
                $this->tokens[$open][1] .= $this->forwarding($word, $newest, $name, $open, $end);
            }
            // Its own body means the new one.
            $this->resolve($open, $end);
        }

        /** The code at the beginning of a function that makes it call a newer one. */
        private function forwarding(string $word, string $newest, int $name, int $open, int $end): string
        {
            $list = $this->find('(', $name);
            $parameters = $this->textOf($list, $this->closing($list));
            $colon = $this->next($this->closing($list));
            $type = $this->text($colon) === ':' ? strtolower($this->text($this->next($colon))) : '';
            $newer = "\\KernelRunner\\Names::\$functions['" . strtolower($word) . "']";
            $arguments = '...\func_get_args()';
            if (strpos($parameters, '&') !== false) {
                preg_match_all('/(\.\.\.\s*)?\$[\w\x80-\xff]+/', $parameters, $names);
                $arguments = implode(',', $names[0]);
            }
            $call = "($newer)($arguments);";
            if ($this->yields($open, $end)) {
                $call = "return yield from $call";
            } elseif ($type === 'void') {
                $call .= 'return;';
            } elseif ($type !== 'never') {
                $call = "return $call";
            }
            return "if(($newer??'$newest')!=='$newest'){{$call}}";
        }

        /** Whether the function with this body is a generator. */
        private function yields(int $open, int $end): bool
        {
            for ($at = $open; $at < $end; $at++) {
                if ($this->kind($at) === T_FUNCTION) {
                    $at = $this->closing($this->find('{', $at));
                } elseif (in_array($this->kind($at), [T_YIELD, T_YIELD_FROM], true)) {
                    return true;
                }
            }
            return false;
        }

        /** Puts in the newest names where their words stand. */
        private function resolve(int $from, int $to): void
        {
            for ($at = $from; $at < $to; $at++) {
                [$kind, $word] = $this->tokens[$at];
                if ($kind !== T_STRING && $kind !== T_NAME_FULLY_QUALIFIED) {
                    continue;
                }
                $key = strtolower(ltrim($word, '\\'));
                $isKnown = isset(Names::$functions[$key]) || isset(Names::$classes[$key]);
                if (!$isKnown || in_array($before = $this->kind($this->next($at, -1)), self::BEFORE_OTHERS, true)) {
                    continue;
                }
                $after = $this->text($this->next($at));
                if ($after === '(' && $before !== T_NEW) {
                    $newest = isset(self::$imports["function $key"]) ? $word : Names::$functions[$key] ?? $word;
                } elseif (isset(self::$imports["class $key"]) || defined($word) || $after === ':') {
                    continue;
                } else {
                    $newest = Names::$classes[$key] ?? $word;
                }
                $this->tokens[$at][1] = $newest === $word || $newest[0] === '\\' ? $newest
                    : ($word[0] === '\\' ? '\\' : '') . $newest;
            }
        }

        /** Remembers the query's `use` statements, and puts in those of the queries before. */
        private function import(): void
        {
            $depth = 0;
            $own = [];
            foreach ($this->tokens as $at => [$kind]) {
                $depth += self::NESTING[$kind] ?? 0;
                if ($depth === 0 && $kind === T_USE && $this->text($this->next($at)) !== '(') {
                    $own += self::imported($this->textOf($this->next($at), $this->find(';', $at) - 1));
                }
            }
            $others = array_diff_key(self::$imports, $own);
            self::$imports = $own + $others;
            foreach (array_keys($others) as $key) {
                [$kind, $alias] = explode(' ', $key);
                $isDefined = $kind === 'class' && isset(Names::$classes[$alias]);
                if ($isDefined || ($kind === 'function' && isset(Names::$functions[$alias]))) {
                    unset(self::$imports[$key], $others[$key]);
                }
            }
            $declare = $this->find(T_DECLARE);
            $open = $this->find(T_OPEN_TAG);
            $place = $declare === null ? $open : $this->find(';', $declare);
            // In a text that does not begin with PHP there may be no place for them.
            if ($others && $place !== null && ($declare !== null || $open === 0)) {
                $this->tokens[$place][1] .= implode(' ', $others) . ' ';
            }
        }

        /** The single imports of a `use` statement, by kind and alias. */
        private static function imported(string $statement): array
        {
            preg_match('/^(?:(function|const)\s+)?(?:([^{]*)\{)?(.*?)\}?$/s', trim($statement), $found);
            [, $common, $prefix, $list] = $found;
            $imports = [];
            foreach (array_filter(array_map('trim', explode(',', $list))) as $one) {
                if (!preg_match('/^(?:(function|const)\s+)?([^\s]+)(?:\s+as\s+(\S+))?$/i', $one, $found)) {
                    continue;
                }
                $kind = $found[1] ?: $common;
                $name = $prefix . $found[2];
                $alias = $found[3] ?? substr(strrchr("\\$name", '\\'), 1);
                // PHP warns of an import that changes nothing; once is enough.
                if ($alias !== ltrim($name, '\\')) {
                    $imports[($kind ?: 'class') . ' ' . strtolower($alias)] = "use $kind $name as $alias;";
                }
            }
            return $imports;
        }

        /** The index of the first token of a kind. */
        private function find($kind, int $from = 0): ?int
        {
            for ($at = $from; $at < count($this->tokens); $at++) {
                if ($this->tokens[$at][0] === $kind) {
                    return $at;
                }
            }
            return null;
        }

        /** The index of the bracket that closes the one at `open`. */
        private function closing(int $open): int
        {
            for ($at = $open, $depth = 0; $at < count($this->tokens); $at++) {
                $depth += self::NESTING[$this->kind($at)] ?? 0;
                if ($depth === 0) {
                    break;
                }
            }
            return $at;
        }

        /** The index of the next token, or of the one before, that is neither space nor comment. */
        private function next(int $at, int $step = 1): int
        {
            do {
                $at += $step;
            } while (in_array($this->kind($at), self::SPACE, true));
            return $at;
        }

        private function kind(int $at)
        {
            return $this->tokens[$at][0] ?? null;
        }

        private function text(int $at): string
        {
            return $this->tokens[$at][1] ?? '';
        }

        private function textOf(int $from, int $to): string
        {
            return implode('', array_column(array_slice($this->tokens, $from, $to - $from + 1), 1));
        }
    }

    /**
     * The file `<query N>`, which is nowhere. As it is no URL, it goes by its plain name in messages, and `__DIR__` is
     * the working folder. The wrapper of all files stands back for it while it is opened.
     */
    final class QueryFile
    {
        private static $text = '';
        private static $isArmed = false;
        public $context;
        private $offset = 0;

        public static function arm(string $text): void
        {
            self::$text = $text;
            self::$isArmed = true;
            stream_wrapper_unregister('file');
            stream_wrapper_register('file', self::class);
        }

        public static function disarm(): void
        {
            if (self::$isArmed) {
                self::$isArmed = false;
                stream_wrapper_restore('file');
            }
        }

        public function stream_open(): bool
        {
            self::disarm();
            return true;
        }

        public function stream_read(int $count): string
        {
            $piece = (string) substr(self::$text, $this->offset, $count);
            $this->offset += strlen($piece);
            return $piece;
        }

        public function stream_eof(): bool
        {
            return $this->offset >= strlen(self::$text);
        }

        public function stream_stat(): array
        {
            return ['size' => strlen(self::$text)];
        }

        public function stream_set_option(): bool
        {
            return false;
        }

        public function url_stat(): bool
        {
            return false;
        }
    }

    /** Shows values as PHP code, as far as PHP has any for them. */
    final class Exporter
    {
        private $path = [];

        public function export($value, string $indent = ''): string
        {
            if (is_array($value)) {
                return $this->exportArray($value, $indent);
            }
            if (is_object($value)) {
                return $this->exportObject($value, $indent);
            }
            if (is_resource($value)) {
                return get_resource_type($value) . ' ' . $value;
            }
            return $value === null ? 'null' : var_export($value, true);
        }

        private function exportArray(array $value, string $indent): string
        {
            $isList = array_keys($value) === range(0, count($value) - 1);
            $parts = [];
            foreach ($value as $key => $part) {
                $text = $this->export($part, "$indent  ");
                $parts[] = $isList ? $text : var_export($key, true) . " => $text";
            }
            return $this->join('[', $value ? $parts : [], ']', $indent);
        }

        private function exportObject(object $value, string $indent): string
        {
            // That of an anonymous class goes on after a NUL.
            $class = Names::shown(explode("\0", get_class($value))[0]);
            if ($value instanceof \UnitEnum) {
                return "$class::$value->name";
            }
            if (in_array($value, $this->path, true)) {
                return "$class {...}";
            }
            $this->path[] = $value;
            $properties = method_exists($value, '__debugInfo') ? $value->__debugInfo() : (array) $value;
            // A closure as an array is an array with the closure.
            $properties = $value instanceof \Closure ? [] : $properties;
            $parts = [];
            foreach ($properties ?? [] as $name => $part) {
                // A property that is not public is named `\0CLASS\0NAME`.
                $parts[] = substr(strrchr("\0$name", "\0"), 1) . ': ' . $this->export($part, "$indent  ");
            }
            array_pop($this->path);
            return $this->join("$class {", $parts, '}', $indent);
        }

        private function join(string $open, array $parts, string $close, string $indent): string
        {
            $line = implode(', ', $parts);
            if (strlen($line) + strlen($indent) < 80 && strpos($line, "\n") === false) {
                return $open . $line . $close;
            }
            return "$open\n$indent  " . implode(",\n$indent  ", $parts) . ",\n$indent$close";
        }
    }

    /** Completes code from what is defined. It calls no code of the user's. */
    final class Completer
    {
        private const KEYWORDS = [
            'abstract', 'array', 'break', 'callable', 'case', 'catch', 'class', 'clone', 'const', 'continue', 'declare',
            'default', 'do', 'echo', 'else', 'elseif', 'empty', 'enum', 'exit', 'extends', 'false', 'final', 'finally',
            'fn', 'for', 'foreach', 'function', 'global', 'goto', 'if', 'implements', 'include', 'include_once',
            'instanceof', 'insteadof', 'interface', 'isset', 'list', 'match', 'namespace', 'new', 'null', 'print',
            'private', 'protected', 'public', 'readonly', 'require', 'require_once', 'return', 'static', 'switch',
            'throw', 'trait', 'true', 'try', 'unset', 'use', 'var', 'while', 'yield',
        ];
        private const STRINGS = [T_ENCAPSED_AND_WHITESPACE, T_COMMENT, T_DOC_COMMENT, T_INLINE_HTML, '"'];

        /** Answers one request, in the savegame. */
        public static function answer(): void
        {
            $frame = Session::$completions->receive();
            if ($frame === null) {
                vanish();
            }
            Session::$completions->send(...self::answerTo($frame));
        }

        /** The frame that answers the runner's. */
        public static function answerTo(array $frame): array
        {
            if ($frame[0] === 'complete') {
                return array_merge(['completion'], self::suggestions($frame[1]));
            }
            try {
                return ['checked', Source::completeness($frame[1])];
            } catch (\Throwable $error) {
                return ['checked'];
            }
        }

        /** What may stand for the token at the end of `before`. */
        public static function suggestions(string $before): array
        {
            try {
                return self::complete($before);
            } catch (\Throwable $error) {
                return [];
            }
        }

        private static function complete(string $before): array
        {
            $code = preg_match('/^\s*<(?!<<)/', $before) ? $before : "<?php $before";
            $tokens = @token_get_all($code);
            $last = end($tokens);
            if (in_array(is_array($last) ? $last[0] : $last, self::STRINGS, true)) {
                return [];
            }
            if (preg_match('/(\$\w+(?:\??->\w+)*)(\??->)(\w*)$/', $before, $found)) {
                return self::matching($found[1] . $found[2], $found[3], self::members(self::valueOf($found[1])));
            }
            if (preg_match('/([\\\\\w\x80-\xff]+)::(\$?\w*)$/', $before, $found)) {
                return self::matching("$found[1]::", $found[2], self::classMembers($found[1]));
            }
            $isName = preg_match('/(\\\\?)(\$\w*|[\w\x80-\xff][\\\\\w\x80-\xff]*)$/', $before, $found);
            return $isName ? self::matching($found[1], $found[2], self::names()) : [];
        }

        /** The value of `$name->property->property`. */
        private static function valueOf(string $path)
        {
            $names = preg_split('/\??->/', substr($path, 1));
            $value = $GLOBALS[array_shift($names)] ?? null;
            foreach ($names as $name) {
                $value = is_object($value) ? get_object_vars($value)[$name] ?? null : null;
            }
            return $value;
        }

        private static function members($value): array
        {
            return is_object($value) ? array_merge(array_keys(get_object_vars($value)), get_class_methods($value)) : [];
        }

        private static function classMembers(string $name): array
        {
            $class = new \ReflectionClass(Names::$classes[strtolower($name)] ?? $name);
            $names = array_merge(['class'], array_keys($class->getConstants()));
            foreach ($class->getMethods(\ReflectionMethod::IS_STATIC) as $method) {
                $names[] = $method->name;
            }
            foreach ($class->getProperties(\ReflectionProperty::IS_STATIC) as $property) {
                $names[] = '$' . $property->name;
            }
            return $names;
        }

        /** All names but the driver's. Variables are among them, as the runner needs them. */
        public static function names(): array
        {
            $functions = get_defined_functions();
            $names = array_merge(
                self::KEYWORDS, ['display', 'readline'], $functions['user'], $functions['internal'],
                get_declared_classes(), get_declared_interfaces(), get_declared_traits(),
                array_keys(get_defined_constants()), self::variables()
            );
            return array_values(array_unique(array_filter(array_map([Names::class, 'shown'], $names), function ($name) {
                return stripos($name, __NAMESPACE__ . '\\') !== 0;
            })));
        }

        private static function variables(): array
        {
            return array_map(function ($name) {
                return '$' . $name;
            }, array_merge(array_keys($GLOBALS), ['GLOBALS']));
        }

        private static function matching(string $lead, string $start, array $names): array
        {
            $found = [];
            foreach ($names as $name) {
                if (strncasecmp((string) $name, $start, strlen($start)) === 0) {
                    $found[] = $lead . $name;
                }
            }
            // First what was typed letter by letter; what begins with an underscore is seldom meant.
            $rank = function ($name) use ($lead, $start) {
                return [strpos($name, $lead . $start) !== 0, substr($name, strlen($lead), 1) === '_', $name];
            };
            usort($found, function ($one, $other) use ($rank) {
                return $rank($one) <=> $rank($other);
            });
            return array_slice($found, 0, MOST_SUGGESTIONS);
        }
    }

    /** Runs queries, one after another. */
    final class Session
    {
        public static $pid;
        /** The name of the file that the query is. */
        public static $file;
        public static $completions;
        private static $link;
        /** The names that there were at the start. */
        private static $names;
        private static $sequence = 0;
        private static $number = 0;
        private static $source;
        private static $exitCode;

        public static function start(): void
        {
            self::$pid = getmypid();
            self::$link = new Link(3, 4);
            self::$completions = new Link(5, 6);
            Output::prepare();
            if (Savegame::isPossible()) {
                Savegame::start();
            }
            self::keepDescriptors();
            Interrupts::install();
            register_shutdown_function([self::class, 'onShutdown']);
            if (Savegame::isPossible()) {
                self::$link->send('ready', 'check');
            } else {
                // Nobody completes while code runs but the runner, from the names that it was told.
                self::$link->send('ready', '>:', '$\\-', 'check');
                self::$names = Completer::names();
                self::$link->send('names', 'php', ...self::$names);
            }
        }

        /** No child of the user's code inherits what the driver has open. PHP itself has no means for that. */
        private static function keepDescriptors(): void
        {
            try {
                $c = \FFI::cdef('int fcntl(int, int, int);');
                foreach (scandir('/proc/self/fd') as $number) {
                    if ($number > 2) {
                        $c->fcntl((int) $number, 2 /* F_SETFD */, 1 /* FD_CLOEXEC */);
                    }
                }
            } catch (\Throwable $error) {
                // There is no FFI, or it is forbidden.
            }
        }

        /** Waits for a query. */
        public static function next(): void
        {
            if (self::$exitCode !== null) {
                Output::mend();
                Names::settle();
                if (!Savegame::isPossible()) {
                    $names = array_diff(Completer::names(), self::$names);
                    self::$link->send('names', 'session', ...array_values($names));
                }
                self::$link->send('done', (string) self::$exitCode);
                self::$exitCode = null;
            }
            Savegame::renew();
            while (true) {
                $frame = self::$link->receive();
                if ($frame === null) {
                    self::leave();
                } elseif ($frame[0] === 'settle') {
                    Interrupts::forget();
                    Savegame::onPoke();
                    self::$link->send('settled');
                } elseif (in_array($frame[0], ['complete', 'check'], true)) {
                    self::$link->send(...Completer::answerTo($frame));
                } elseif ($frame[0] === 'query') {
                    break;
                }
            }
            Savegame::tell('begin');
            self::$file = '<query ' . ++self::$number . '>';
            self::$source = new Source($frame[1]);
            self::$exitCode = 0;
        }

        /** The query's own code comes next. */
        public static function begin(): string
        {
            Interrupts::enterQuery();
            error_clear_last();
            QueryFile::arm(self::$source->text);
            return self::$file;
        }

        /** The query's code has come to its end. */
        public static function finish($value): void
        {
            if (self::$source->hasValue && $value !== null) {
                echo (new Exporter())->export($value), "\n";
            }
            self::endUserCode();
        }

        /** The query's code has ended with something that nobody caught. */
        public static function fail(\Throwable $error): void
        {
            try {
                $handler = set_exception_handler(null);
                set_exception_handler($handler);
                if ($handler !== null && !$error instanceof Interrupt) {
                    self::$exitCode = 1;
                    $handler($error);
                    $error = null;
                }
            } catch (\Throwable $other) {
                $error = $other;
            }
            self::endUserCode();
            if ($error === null) {
                return;
            }
            self::$exitCode = $error instanceof Interrupt ? INTERRUPTED : 1;
            if ($error instanceof Interrupt) {
                $places = array_filter(array_map(function ($frame) {
                    return ($frame['file'] ?? __FILE__) === __FILE__ ? null : "$frame[file] on line $frame[line]";
                }, $error->getTrace()));
                Output::error('Interrupted' . ($places ? ' in ' . reset($places) : '') . "\n");
                return;
            }
            Output::error(Names::shown(self::described($error)) . "\n");
        }

        /** What PHP says of an error that nobody caught, without the driver's part of the trace. */
        private static function described(\Throwable $error): string
        {
            $place = 'in ' . $error->getFile() . ' on line ' . $error->getLine();
            if ($error instanceof \CompileError) {
                return "Parse error: {$error->getMessage()} $place";
            }
            $driver = preg_quote(__FILE__, '/');
            $start = "/^#(\\d+) $driver\\(\\d+\\): include\\(.*\\)\\n#\\d+ \\{main\\}/m";
            $text = preg_replace($start, '#$1 {main}', $error);
            return "Fatal error: Uncaught $text\n  thrown $place";
        }

        private static function endUserCode(): void
        {
            Interrupts::leaveQuery();
            QueryFile::disarm();
            if (!self::isHere()) {
                // A child of the user's code ends where a script would.
                exit;
            }
        }

        /** In a new session: the one before has died of its query. */
        public static function succeed(bool $wasBusy, bool $isAbandoned, int $status): void
        {
            // What the dead one has asked may still be answered.
            self::$sequence += 1 << 20;
            Interrupts::forget();
            if (!$wasBusy) {
                return;
            }
            self::$number++;
            if ($isAbandoned) {
                $exitCode = INTERRUPTED;
                $story = 'Interrupted in a call that would not end';
            } elseif (pcntl_wifsignaled($status)) {
                $exitCode = -pcntl_wtermsig($status);
                $story = 'killed by ' . self::signalName(-$exitCode);
            } else {
                $exitCode = pcntl_wexitstatus($status);
                $story = 'the interpreter has ended';
            }
            Output::error("$story; the state is that before this query\n");
            self::$link->send('done', (string) $exitCode);
        }

        private static function signalName(int $number): string
        {
            foreach (get_defined_constants(true)['pcntl'] as $name => $value) {
                if ($value === $number && preg_match('/^SIG[A-Z]/', $name)) {
                    return $name;
                }
            }
            return "signal $number";
        }

        /** Asks the runner and waits for the answer. */
        public static function ask(string $kind, string ...$parts): void
        {
            if (!self::isHere()) {
                return;
            }
            $number = (string) ++self::$sequence;
            self::$link->send($kind, $number, ...$parts);
            do {
                $frame = self::$link->receive();
                if ($frame === null) {
                    self::leave();
                }
            } while (($frame[1] ?? '') !== $number);
        }

        /** Whether this process is the session, and no child of the user's code. */
        public static function isHere(): bool
        {
            return getmypid() === self::$pid;
        }

        /** The runner is gone, or wants the end. */
        public static function leave(): void
        {
            exit(0);
        }

        /** The interpreter ends: the savegame must know whether the user's code wants that. */
        public static function onShutdown(): void
        {
            $isFatal = (error_get_last()['type'] ?? 0) & FATALS;
            if (!$isFatal && connection_status() === CONNECTION_NORMAL) {
                Savegame::tell('exit');
            }
        }
    }

    /** Shows `data` of the MIME type `mime`, after everything that was printed so far. */
    function display(string $mime, string $data): void
    {
        Interrupts::hold(function () use ($mime, $data) {
            Session::ask('display', $mime, $data);
        });
    }

    /** Reads a line from the user. PHP's own shows no prompt where there is no terminal. */
    function readline(?string $prompt = null)
    {
        echo $prompt;
        $line = fgets(STDIN);
        return $line === false ? false : rtrim($line, "\r\n");
    }
}

namespace {
    \KernelRunner\Session::start();
    while (true) {
        \KernelRunner\Session::next();
        try {
            \KernelRunner\Session::finish(include \KernelRunner\Session::begin());
        } catch (\Throwable $kernelRunnerError) {
            \KernelRunner\Session::fail($kernelRunnerError);
            unset($kernelRunnerError);
        }
    }
}
