//! Haskell against the runner specification.

use runner_core::Completeness::{Complete, Incomplete, Invalid};
use runner_haskell as _;

runner_testkit::conformance! {
    Subject {
        language: "haskell",
        tools: &["ghc"],
        hello: "putStrLn \"hello\"",
        stderr: "import System.IO\nhPutStrLn stderr \"trouble\"",
        exit_code: "import System.Exit\nexitWith (ExitFailure 3)",
        not_utf8: "import System.IO\nhSetBinaryMode stdout True\nputStr \"\\xff\\xfe\"",
        burst: "putStr (replicate (1024 * 1024) 'x')",
        million_lines: "mapM_ print [0 .. 999999]",
        input: "do\n  putStr \"name? \"\n  name <- getLine\n  putStrLn (\"hello \" ++ name)",
        forever: "import Control.Concurrent\nimport Control.Monad\n\
                  putStrLn \"started\"\nforever (threadDelay 100000000)",
        ignores_sigint: "import Control.Concurrent\nimport Control.Monad\nimport System.Posix.Signals\n\
                         _ <- installHandler sigINT Ignore Nothing\n\
                         putStrLn \"started\"\nforever (threadDelay 100000000)",
        background: "import System.Process\n_ <- spawnCommand \"sleep 1; echo late\"",
        closes_stdout: "import System.IO\nhClose stdout",
        dies_mid_character: "import System.IO\nimport System.Posix.Process\nimport System.Posix.Signals\n\
                             hSetBinaryMode stdout True\nputStr \"\\xe2\\x82\"\nhFlush stdout\n\
                             getProcessID >>= signalProcess sigKILL",
        floods: "mapM_ print [0 ..]",
        syntax_error: "let x = (",
        state: Some(("kept = 6", "print (kept * 7)", "42\n")),
        completion: Some(("putStrL", "putStrLn")),
        completeness: &[
            ("", Complete),
            ("1 + 1", Complete),
            ("double x = 2 * x", Complete),
            ("let x = 1", Complete),
            ("map (+1) [1,", Incomplete),
            ("map (+1) [1, 2", Incomplete),
            ("main = do", Incomplete),
            ("main = do\n  putStrLn \"one\"", Incomplete),
            ("main = do\n  putStrLn \"one\"\n", Complete),
            ("case x of", Incomplete),
            ("fac :: Int -> Int", Incomplete),
            ("fac :: Int -> Int\nfac 0 = 1", Incomplete),
            ("class Shape a where\n  area :: a -> Double\n  ", Complete),
            ("if x then y", Incomplete),
            ("if x then y else z", Complete),
            ("x = 1 +", Incomplete),
            ("{- one", Incomplete),
            (":{\nx = 1", Incomplete),
            (":{\nx 0 = 1\nx n = n\n:}", Complete),
            ("[1,\n 2]", Complete),
            (":type map", Complete),
            ("f )", Invalid),
            ("-- nothing", Complete),
        ],
        main_file: ("main.hs", "main = putStrLn \"hello\"\n"),
        broken_file: Some(("main.hs", "main = putStrLn 5\n")),
        transcripts: &[
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/session.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/batch.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs.transcript"),
        ],
    }
}
