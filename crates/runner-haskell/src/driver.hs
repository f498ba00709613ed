{-# LANGUAGE RecordWildCards #-}

-- | The driver of a Haskell session: GHCi runs the user's code, and this module tells it what to run.
--
-- GHCi gets a command of its own, @:kernel_runner@. What such a command returns GHCi executes, so it waits for the
-- runner, as docs/src/session-link.md has it, and returns one block of the user's code and a call of itself. Standard
-- input, output and error belong to the user's code; GHCi's own prompt is read only where an interrupt has swallowed
-- that call.
--
-- GHCi does not tell whether a block has failed, but it prints so, in a thread of its own: standard output and error
-- are devices of the driver's, which see who writes. They keep the order of the two streams as well.
module KernelRunnerDriver (Driver, start, begin, turn, prompt) where

import Control.Applicative ((<|>))
import Control.Concurrent
import Control.Exception (AsyncException (..), SomeException, catch, finally, fromException, mask_, throwIO)
import Control.Monad
import qualified Data.ByteString as B
import qualified Data.ByteString.Char8 as C
import qualified Data.ByteString.Internal as B (createAndTrim)
import Data.Char (isAlpha, isAlphaNum, isDigit, isSpace, toUpper)
import Data.IORef
import Data.List (dropWhileEnd, find, intercalate, isInfixOf, isPrefixOf, partition, stripPrefix)
import Data.Maybe (fromMaybe, isJust, isNothing, listToMaybe, mapMaybe)
import qualified Data.Text as Text
import qualified Data.Text.Encoding as Text
import qualified Data.Text.Encoding.Error as Text
import Data.Word (Word8)
import Foreign.C.Types (CInt)
import Foreign.Ptr (Ptr, castPtr, ptrToIntPtr)
import Foreign.StablePtr (castStablePtrToPtr, newStablePtr)
import GHC.Conc (getUncaughtExceptionHandler, setUncaughtExceptionHandler)
import GHC.IO.Exception (IOException (ioe_location))
import GHC.IO.FD (FD)
import qualified GHC.IO.FD as FD
import KernelRunner (display)
import KernelRunnerStreams
import System.Exit (ExitCode (..))
import System.IO
import System.IO.Error (isDoesNotExistError)
import System.Posix.IO (FdOption (..), closeFd, dup, dupTo, fdReadBuf, fdWriteBuf, setFdOption)
import System.Posix.Process (exitImmediately)
import System.Posix.Signals (Handler (..), installHandler, sigINT)
import System.Posix.Types (Fd)
import System.Process.Internals (runInteractiveProcess_lock)
import Text.Read (readMaybe)

data Driver = Driver
  { link :: Link
  , ghci :: IORef (Maybe ThreadId)
    -- ^ The thread that GHCi's own messages come from.
  , messages :: IORef [String]
    -- ^ What GHCi has said on standard error since the block began, the last first.
  , captured :: IORef (Maybe [B.ByteString])
    -- ^ What GHCi says now is for the driver.
  , lastWritten :: IORef CInt
    -- ^ The descriptor, 0 for none.
  , isUsersTurn :: MVar Bool
  , isInterrupted :: IORef Bool
  , work :: IORef Work
  , streams :: Streams
  , spares :: [(Fd, Fd)]
    -- ^ Copies of the standard descriptors, for the next query when this one closes them.
  , displayCommand :: String
  }

-- | What GHCi has been told to do.
data Work
  = Beginning
  | Modules
  | Blocks Bool [String]
    -- ^ Whether the query may change the names that there are, and what is left of it.
  | Completion String
    -- ^ The line left of the cursor.
  | Names (Maybe Int)
    -- ^ The query that is over has that exit code.

-- The link -----------------------------------------------------------------------------------------------------------

data Link = Link
  { unread :: IORef B.ByteString
  , sequenceNumber :: IORef Int
  , linkTurn :: MVar ()
    -- ^ Empty while the driver, or somebody's question, has the link.
  }

send :: String -> [B.ByteString] -> IO ()
send kind parts = write (B.concat (C.pack (unwords (kind : map (show . B.length) parts) ++ "\n") : parts))
  where
    write bytes = unless (B.null bytes) $ do
      threadWaitWrite 4
      -- A pipe that can be written to at all takes this many bytes at once.
      count <- B.useAsCStringLen (B.take 4096 bytes) $ \(text, size) -> fdWriteBuf 4 (castPtr text) (fromIntegral size)
      write (B.drop (fromIntegral count) bytes)

-- | The next frame: its kind, then its parts. An interrupt while it waits loses nothing.
receive :: Link -> IO (String, [B.ByteString])
receive Link{..} = do
  bytes <- readIORef unread
  case C.break (== '\n') bytes of
    (header, rest)
      | not (B.null rest)
      , kind : sizes <- words (C.unpack header)
      , lengths <- map read sizes
      , B.length rest > sum lengths -> do
          let (parts, later) = cut lengths (B.drop 1 rest)
          writeIORef unread later
          return (kind, parts)
    _ -> do
      threadWaitRead 3
      more <- B.createAndTrim 65536 (\buffer -> fromIntegral <$> fdReadBuf 3 buffer 65536)
      when (B.null more) leave
      writeIORef unread (bytes <> more)
      receive Link{..}
  where
    cut [] bytes = ([], bytes)
    cut (size : sizes) bytes = (B.take size bytes : parts, rest)
      where (parts, rest) = cut sizes (B.drop size bytes)

-- | Asks the runner something and waits for the answer.
ask :: Link -> String -> [B.ByteString] -> IO ()
ask link kind parts = do
  number <- atomicModifyIORef' (sequenceNumber link) (\n -> (n + 1, C.pack (show (n + 1))))
  send kind (number : parts)
  -- The answer to a question whose wait was interrupted is nobody's.
  let await = do
        (_, answer) <- receive link
        unless (take 1 answer == [number]) await
  await

-- | The runner is gone.
leave :: IO a
leave = exitImmediately ExitSuccess >> leave

-- Standard output and error ------------------------------------------------------------------------------------------

-- | Sees what is written. When the descriptor is another than the one before, what was written there is delivered
-- first.
watch :: Driver -> FD -> Ptr Word8 -> Int -> IO Bool
watch Driver{..} fd bytes size = do
  thread <- myThreadId
  isGhci <- (== Just thread) <$> readIORef ghci
  capturing <- readIORef captured
  isHidden <- case capturing of
    -- Another thread may flush what GHCi has written, and GHCi what another thread has.
    Just texts | isGhci || number == 1 -> do
      text <- B.packCStringLen (castPtr bytes, size)
      True <$ writeIORef captured (Just (text : texts))
    _ -> if isGhci then listen else return False
  unless isHidden $ do
    isLate <- if number == 2 then readIORef (isCollecting streams) else return False
    when isLate (quietly (hFlush stdout))
    before <- readIORef lastWritten
    unless (before == number || before == 0) synchronize
    writeIORef lastWritten number
  return (not isHidden)
  where
    number = FD.fdFD fd
    synchronize = do
      isFree <- tryTakeMVar (linkTurn link)
      when (isJust isFree) $ ask link "sync" [] `finally` putMVar (linkTurn link) ()
    -- Takes note of what GHCi says. That a program has ended is no news to the user.
    listen = do
      said <- decode <$> B.packCStringLen (castPtr bytes, size)
      when (number == 2 || any ("unknown command" `isPrefixOf`) (lines said)) $ modifyIORef' messages (said :)
      return (number == 2 && isJust (exitCode said))

-- | The exit code in GHCi's report of an exception that is one.
exitCode :: String -> Maybe Int
exitCode line = case words line of
  ["***", "Exception:", "ExitSuccess"] -> Just 0
  ["***", "Exception:", "ExitFailure", code] -> inRange <$> readMaybe (filter (`notElem` "()") code)
  _ -> Nothing
  where
    inRange code = if code > 0 && code < 256 then code else 255

-- | Makes the standard descriptors and handles usable, whatever the code before has done to them.
mendAll :: Driver -> IO ()
mendAll Driver{..} = do
  forM_ spares $ \(number, spare) ->
    -- Asking a closed descriptor for a copy fails.
    (dup number >>= closeFd) `catch` \problem -> const (void (dupTo spare number)) (problem :: IOException)
  mend streams

-- Turns ---------------------------------------------------------------------------------------------------------------

-- | Called once, before the user is there.
start :: IO Driver
start = do
  forM_ [3 .. 6] $ \number -> setFdOption number CloseOnExec True
  link <- Link <$> newIORef B.empty <*> newIORef 0 <*> newEmptyMVar
  shown <- newStablePtr display
  spares <- forM [0, 1, 2] $ \number -> do
    spare <- dup number
    setFdOption spare CloseOnExec True
    return (number, spare)
  let address = show (ptrToIntPtr (castStablePtrToPtr shown))
      displayCommand =
        "display <- Foreign.StablePtr.deRefStablePtr (Foreign.StablePtr.castPtrToStablePtr (Foreign.Ptr.plusPtr \
        \Foreign.Ptr.nullPtr " ++ filter isDigit address ++ ")) :: Prelude.IO (Prelude.String -> Prelude.String -> \
        \Prelude.IO ())"
  ghci <- newIORef Nothing
  messages <- newIORef []
  captured <- newIORef (Just [])
  lastWritten <- newIORef 0
  isUsersTurn <- newMVar False
  isInterrupted <- newIORef False
  work <- newIORef Beginning
  isCollecting <- newIORef False
  writes <- newIORef 0
  lastLook <- newIORef 0
  let driver = Driver{..}
      streams = Streams
        { encoding = utf8
        , admit = watch driver
        , -- GHCi would not survive the end of its standard output. The new one takes its place once this one is
          -- closed: a thread that waits for that already comes before all that are to come.
          onClose = \fd -> when (FD.fdFD fd /= 0) (forkIO (reopen streams fd) >> yield)
        , childTurn = runInteractiveProcess_lock
        , ..
        }
  report <- getUncaughtExceptionHandler
  setUncaughtExceptionHandler $ \problem -> unless (isLateWait problem) (report problem)
  install streams
  return driver

-- | What a thread of the library comes to that waits for a child after an interrupt has ended it: no news to the user.
isLateWait :: SomeException -> Bool
isLateWait problem = case fromException problem of
  Just failure -> isDoesNotExistError failure && ioe_location failure == "waitForProcess"
  Nothing -> False

-- | GHCi calls this from the thread that its messages come from.
begin :: Driver -> String -> IO String
begin Driver{..} _ = displayCommand <$ (myThreadId >>= writeIORef ghci . Just)

-- | GHCi is back at its prompt, and wants to be told to go on.
prompt :: Driver -> [String] -> Int -> IO String
prompt Driver{..} _ _ = do
  now <- readIORef work
  case now of
    Beginning -> return ()
    _ -> writeIORef isInterrupted True >> send "prompt" []
  return ""

-- | What GHCi is to do next.
turn :: Driver -> String -> IO String
turn driver@Driver{..} _ = mask_ $ do
  takeTurn
  said <- concat . reverse <$> readIORef messages
  answer <- release
  now <- readIORef work
  commands <- case now of
    Beginning -> send "ready" (map C.pack [".", "'", "check"]) >> capture Modules "repl \"import \""
    Modules -> send "names" (C.pack "modules" : completions answer) >> capture (Names Nothing) "repl \"\""
    Blocks binds blocks -> proceed (outcome said) binds blocks
    Completion line -> send "completion" (take 1000 (keywordsFor line ++ completions answer)) >> wait
    Names code -> do
      send "names" (C.pack "session" : keywords ++ completions answer)
      mapM_ done code
      wait
  writeIORef messages []
  modifyMVar_ isUsersTurn (const (return True))
  return (unlines (commands ++ [":kernel_runner"]))
  where
    takeTurn = modifyMVar_ isUsersTurn (const (return False)) `catch` \problem -> case problem of
      UserInterrupt -> writeIORef isInterrupted True >> takeTurn
      _ -> throwIO problem

    proceed end binds blocks = do
      interrupted <- readIORef isInterrupted
      case blocks of
        _ | interrupted -> finish binds 130
        block : rest | isNothing end -> do
          when (":" `isPrefixOf` block && not (":{" `isPrefixOf` block)) (untilWritten 100)
          mendAll driver
          [block] <$ writeIORef work (Blocks binds rest)
        _ -> finish binds (fromMaybe 0 end)

    -- What GHCi has to say of a command is heard only where it is not collected with the output of the code before.
    untilWritten :: Int -> IO ()
    untilWritten tries = do
      collecting <- readIORef (isCollecting streams)
      when (collecting && tries > 0) (threadDelay 1000 >> untilWritten (tries - 1))

    finish binds code = do
      flush
      takeMVar (linkTurn link)
      if binds then capture (Names (Just code)) "repl \"\"" else done code >> wait

    done code = send "done" [C.pack (show code)]

    flush = forM_ [stdout, stderr] (quietly . hFlush)

    capture next what = do
      writeIORef work next
      writeIORef captured (Just [])
      hSetBuffering stdout (BlockBuffering Nothing)
      return [":complete " ++ what]

    -- What GHCi has said. What the user's threads have printed meanwhile is for the user.
    release = do
      capturing <- isJust <$> readIORef captured
      when capturing (hFlush stdout >> hSetBuffering stdout atOnce)
      texts <- atomicModifyIORef captured ((,) Nothing)
      let (answers, others) = partition isAnswer (C.lines (B.concat (reverse (fromMaybe [] texts))))
      unless (null others) (quietly (B.hPut stdout (C.unlines others) >> hFlush stdout))
      return answers

    wait = do
      (kind, parts) <- receive link
      case (kind, map decode parts) of
        ("query", [code]) -> do
          _ <- installHandler sigINT (Catch interrupt) Nothing
          forgetInput
          writeIORef lastWritten 0
          putMVar (linkTurn link) ()
          writeIORef messages []
          let blocks = blocksOf code
          proceed Nothing (any (any isBinding) blocks) (concatMap (commandsOf displayCommand) blocks)
        ("complete", before : _) -> do
          let line = last ("" : lines before)
          capture (Completion line) ("repl 0-1000 " ++ show line)
        ("check", code : _) -> send "checked" [C.pack (completeness code)] >> wait
        ("settle", _) -> do
          writeIORef isInterrupted False
          send "settled" []
          wait
        _ -> wait

    -- What GHCi itself does at an interrupt, except that the driver is not disturbed.
    interrupt = withMVar isUsersTurn $ \users -> case users of
      True -> readIORef ghci >>= mapM_ (`throwTo` UserInterrupt)
      False -> writeIORef isInterrupted True

-- | The exit code of a query that ends here, by what GHCi has said meanwhile. Warnings end nothing.
outcome :: String -> Maybe Int
outcome said
  | "Interrupted." `elem` lines said = Just 130
  | otherwise = listToMaybe (mapMaybe exitCode (lines said)) <|> (1 <$ find isProblem (lines said))
  where
    isProblem line = any (`isInfixOf` line) [": error:", "*** Exception:"] || not (isHarmless line)
    isHarmless line = all isSpace (take 1 line) || all (`elem` "0123456789| ") (takeWhile (/= '|') line)
      || any (`isInfixOf` line) [": warning:", "flags have changed"]

-- | Whether it is a line of GHCi's answer to @:complete@: a name, or the header with two numbers.
isAnswer :: B.ByteString -> Bool
isAnswer line = C.pack "\"" `B.isPrefixOf` C.dropWhile (`elem` "0123456789 ") line

-- | The names in such an answer. Most are spelled as they are.
completions :: [B.ByteString] -> [B.ByteString]
completions = mapMaybe name . filter (C.pack "\"" `B.isPrefixOf`)
  where
    name line = if C.elem '\\' line then encode <$> readMaybe (decode line) else Just (C.filter (/= '"') line)

keywords :: [B.ByteString]
keywords = C.words (C.pack "case class data default deriving do else foreign if import in infix infixl infixr instance \
  \let module newtype of qualified then type where")

-- | Those that the word at the end of the line may become.
keywordsFor :: String -> [B.ByteString]
keywordsFor line
  | null word = []
  | otherwise = filter (C.pack (reverse word) `B.isPrefixOf`) keywords
  where
    word = takeWhile (\c -> isAlphaNum c || c `elem` "_'.") (reverse line)

encode :: String -> B.ByteString
encode = Text.encodeUtf8 . Text.pack

decode :: B.ByteString -> String
decode = Text.unpack . Text.decodeUtf8With Text.lenientDecode

-- The blocks of a cell ------------------------------------------------------------------------------------------------

-- | The pieces that GHCi takes at once, in their order.
blocksOf :: String -> [[Piece]]
blocksOf = grouped . pieces . zip [1 ..] . lines . plain
  where
    plain text = filter (`notElem` "\r\0") (fromMaybe text (stripPrefix "\xfeff" text))

-- | As at GHCi's prompt, one line is complete unless its end shows that it goes on. Several lines, and what is open,
-- end with an empty line.
completeness :: String -> String
completeness code
  | any (< 0) (scanl (+) 0 (map weight visible)) = "invalid"
  | count ":{" > count ":}" = "incomplete"
  | all isSpace (takeWhile (/= '\n') (reverse code)) = "complete"
  | isInside (fst (last scanned)) || goesOn (blocksOf code) = "incomplete"
  | otherwise = "complete"
  where
    scanned = scanl (scan . fst) (clean, "") (lines (filter (/= '\r') code))
    visible = unlines (map snd scanned)
    weight c = if c `elem` "([{" then 1 else if c `elem` ")]}" then -1 else 0 :: Int
    count sign = length (filter ((== sign) . strip) (lines code))
    goesOn blocks = case drop (length blocks - 1) blocks of
      _ | strip (last ("" : lines code)) == ":}" -> False
      [[Piece Command _ _]] -> False
      [[Piece kind _ texts]] | length (outside texts) == 1 -> isHeader kind || endsOpen (tokensOf ending)
      block -> not (null block)
    -- The lines that nothing goes on in that was open before.
    outside texts = filter (not . isInside) (init (scanl (\state text -> fst (scan state text)) clean texts))
    -- What it is shows at its end.
    ending = drop (length visible - 1000) visible
    -- The equations of a function follow its type.
    isHeader (Signature _) = "->" `isInfixOf` visible
    isHeader _ = False
    endsOpen tokens = any isOpen (drop (length tokens - 1) tokens) || number "if" tokens > number "else" tokens
    isOpen token = all (`elem` "!#$%&*+./<=>?@\\^|-~:") token
      || token `elem` ["do", "mdo", "of", "where", "let", "in", "if", "then", "else", "case"]
    number token = length . filter (== token)

-- | What GHCi is to execute for such a block.
commandsOf :: String -> [Piece] -> [String]
commandsOf displayCommand = map (intercalate "\n") . commands
  where
    commands [Piece Command _ texts]
      | any (isPromptOf . words) texts = []
      | otherwise = [texts ++ [displayCommand | any forgetsBindings texts]]
    commands [Piece Statement _ texts] | isOwnImport (words (unwords texts)) = [[displayCommand]]
    commands [Piece Pragma _ texts] = [[":set " ++ unwords (flagsOf texts)]]
    commands group = [[":{"] ++ concatMap located group ++ [":}"]]
    located (Piece _ number texts) = ("{-# LINE " ++ show number ++ " \"<interactive>\" #-}") : texts
    forgetsBindings text = any (`isPrefixOf` text) [":l", ":r", ":a", ":una", ":cd"]
    -- The prompt is the driver's.
    isPromptOf (command : setting : _) = ":se" `isPrefixOf` command && "prompt" `isPrefixOf` setting
    isPromptOf _ = False
    -- GHCi itself would find the module only as long as the user loads no other.
    isOwnImport ("import" : module' : names) = takeWhile (/= '(') module' == "KernelRunner" && notElem "as" names
    isOwnImport _ = False

-- | What begins at a line without indentation: the number of its first line, and its lines.
data Piece = Piece Kind Int [String]

data Kind
  = Command
  | Pragma
  | Expression
  | Statement
    -- ^ It may bind names.
  | Signature [String]
    -- ^ Or an expression with its type.
  | Declaration String Bool
    -- ^ Of that name; whether more equations of it may follow.

isBinding :: Piece -> Bool
isBinding (Piece Expression _ _) = False
isBinding _ = True

pieces :: [(Int, String)] -> [Piece]
pieces [] = []
pieces ((number, line) : rest)
  | all isSpace line = pieces rest
  | strip line == ":{" = Piece Statement number (map snd inner) : pieces (drop 1 outer)
  | ":" `isPrefixOf` line = Piece Command number [line] : pieces rest
  | all isSpace visible, not isOpen = [Piece Pragma number texts | not (null (flagsOf texts))] ++ pieces later
  | otherwise = Piece (kindOf visible) number texts : pieces later
  where
    (inner, outer) = break ((== ":}") . strip . snd) rest
    (more, later, visible, isOpen) = extent (scan clean line) rest
    texts = dropWhileEnd (all isSpace) (line : more)

-- | The lines that go on with the one before them, those that do not, the code in it all without comments, and whether
-- something is open at the end.
extent :: (Scan, String) -> [(Int, String)] -> ([String], [(Int, String)], String, Bool)
extent (state, visible) ((_, line) : rest)
  | isInside state || goesOn = (line : more, later, visible ++ '\n' : visibleMore, isOpen)
  where
    (more, later, visibleMore, isOpen) = extent (scan state line) rest
    goesOn = all isSpace (take 1 line) || takeWhile isAlpha line `elem` ["where", "then", "else", "of", "in"]
      || any (`elem` ")]}") (take 1 line)
extent (state, visible) rest = ([], rest, visible, isInside state)

-- | Declarations in a row are one block, because they may refer to each other; only one that declares a name again
-- begins another.
grouped :: [Piece] -> [[Piece]]
grouped [] = []
grouped (first : rest) = case declarations [] (first : rest) of
  ([], _) -> [first] : grouped rest
  (group, later) -> group : grouped later

declarations :: [String] -> [Piece] -> ([Piece], [Piece])
declarations seen (piece@(Piece kind _ _) : rest) = case kind of
  Signature names | any (`elem` names) (declared rest) -> add seen
  Declaration name hasMore
    | name `notElem` (if hasMore then drop 1 seen else seen) -> add (name : filter (/= name) seen)
  _ -> ([], piece : rest)
  where
    add names = let (more, later) = declarations names rest in (piece : more, later)
    declared (Piece (Declaration name _) _ _ : others) = name : declared others
    declared (Piece (Signature _) _ _ : others) = declared others
    declared _ = []
declarations _ [] = ([], [])

kindOf :: String -> Kind
kindOf code = case tokens of
  first : _
    | first `elem` ["data", "type", "newtype", "class", "instance", "deriving", "infix", "infixl", "infixr", "foreign",
        "default", "pattern"] -> Declaration code False
    | first `elem` ["let", "import"] -> Statement
    | first `elem` ["do", "mdo", "if", "case", "\\"] -> Expression
  _ -> case break (`elem` ["=", "|", "<-", "->", "::", "do", "of", "let", "if", "\\"]) (outermost tokens) of
    (names, "::" : _) -> Signature (filter (/= ",") names)
    (left, sign : _) | sign `elem` ["=", "|"] -> Declaration (declaredName left) (hasMore left)
    (_, "<-" : _) -> Statement
    _ -> Expression
  where
    -- What it is shows at its beginning.
    tokens = take 1000 (tokensOf code)
    hasMore left = not (null left) && not (any (`elem` ["=", "|"]) (take 1 (drop 1 tokens)))
    declaredName left = case left of
      name : operator : _ | all isOperator (take 1 operator), operator `notElem` ["!", "~", "@"] -> operator
        | operator == "`" -> concat (take 1 (drop 2 left))
        | otherwise -> name
      _ -> concat left
    isOperator character = character `elem` "!#$%&*+./<=>?@\\^|-~:"

tokensOf :: String -> [String]
tokensOf text = case lex text of
  [("", _)] -> []
  [(token, rest)] -> token : tokensOf rest
  _ -> tokensOf (drop 1 text)

-- | The tokens that are in no brackets. An operator's own are none.
outermost :: [String] -> [String]
outermost = go (0 :: Int)
  where
    go 0 ("(" : operator : ")" : rest) | operator /= "," = operator : go 0 rest
    go depth (token : rest)
      | token `elem` ["(", "[", "{"] = go (depth + 1) rest
      | token `elem` [")", "]", "}"] = go (depth - 1) rest
      | depth == 0 = token : go depth rest
      | otherwise = go depth rest
    go _ [] = []

-- | The flags that the pragmas of a file would set.
flagsOf :: [String] -> [String]
flagsOf texts = case words (map (\c -> if c == ',' then ' ' else c) (unwords texts)) of
  "{-#" : kind : names
    | map toUpper kind == "LANGUAGE" -> map ("-X" ++) (takeWhile (/= "#-}") names)
    | map toUpper kind == "OPTIONS_GHC" -> takeWhile (/= "#-}") names
  _ -> []

strip :: String -> String
strip = dropWhileEnd isSpace . dropWhile isSpace

-- | Where the end of a line is: in how many brackets and comments, and in a string that goes on in the next line.
data Scan = Scan {brackets :: Int, comments :: Int, isInString :: Bool}

clean :: Scan
clean = Scan 0 0 False

isInside :: Scan -> Bool
isInside Scan{..} = brackets > 0 || comments > 0 || isInString

-- | Where a line ends that begins there, and its code without comments.
scan :: Scan -> String -> (Scan, String)
scan = go ' '
  where
    go before state@Scan{..} text
      | isInString, strip text == "\\" = (state, "")
      | isInString = string state{isInString = False} (drop 1 (dropWhile isSpace text))
      | comments > 0 = case snd (break (`elem` "-{") text) of
          '-' : '}' : rest -> go ' ' state{comments = comments - 1} rest
          '{' : '-' : rest -> go ' ' state{comments = comments + 1} rest
          rest -> if null rest then (state, "") else go ' ' state (drop 1 rest)
      | otherwise = case break (`elem` "-{\"'()[]}") text of
          (plain@(_ : _), rest) -> plain `and'` go (last plain) state rest
          (_, '{' : '-' : rest) -> go ' ' state{comments = 1} rest
          (_, '-' : '-' : rest)
            | not (isSymbol before || any isSymbol (take 1 (dropWhile (== '-') rest))) -> (state, "")
          (_, '"' : rest) -> "\"" `and'` string state rest
          (_, '\'' : rest) | isAlphaNum before || before `elem` "_'" -> "'" `and'` go '\'' state rest
          (_, '\'' : '\\' : _ : rest) -> "' '" `and'` go ' ' state (drop 1 (dropWhile (/= '\'') rest))
          (_, '\'' : _ : '\'' : rest) -> "' '" `and'` go ' ' state rest
          (_, c : rest)
            | c `elem` "([{" -> [c] `and'` go c state{brackets = brackets + 1} rest
            | c `elem` ")]}" -> [c] `and'` go c state{brackets = max 0 (brackets - 1)} rest
            | otherwise -> [c] `and'` go c state rest
          (_, []) -> (state, "")
    string state text = case snd (break (`elem` "\\\"") text) of
      '\\' : rest
        | all isSpace rest -> (state{isInString = True}, "\"")
        | otherwise -> string state (drop 1 rest)
      '"' : rest -> "\"" `and'` go '"' state rest
      _ -> (state, "\"")
    code `and'` (end, more) = (end, code ++ more)
    isSymbol = (`elem` "!#$%&*+./<=>?@\\^|-~:")
