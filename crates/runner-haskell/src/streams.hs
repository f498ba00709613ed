{-# LANGUAGE RecordWildCards #-}

-- | The standard handles as code finds them at a terminal: what it prints is seen at once, and before it waits for the
-- user. Of code that prints much, output is collected, and goes out a hundred times a second.
module KernelRunnerStreams (Streams (..), install, mend, reopen, forgetInput, atOnce, quietly) where

import Control.Concurrent
import Control.Exception (catch)
import Control.Monad
import Data.IORef
import Data.Word (Word64, Word8)
import Foreign.Ptr (Ptr, plusPtr)
import GHC.Clock (getMonotonicTimeNSec)
import GHC.IO.Buffer
import GHC.IO.BufferedIO (BufferedIO)
import qualified GHC.IO.BufferedIO as Buffered
import GHC.IO.Device (IODevice, RawIO)
import qualified GHC.IO.Device as Device
import GHC.IO.FD (FD)
import qualified GHC.IO.FD as FD
import GHC.IO.Handle.Internals (mkFileHandle)
import GHC.IO.Handle.Types (Handle (..), Handle__ (..), HandleType (..))
import System.IO

-- | What the three have in common.
data Streams = Streams
  { encoding :: TextEncoding
  , admit :: FD -> Ptr Word8 -> Int -> IO Bool
    -- ^ Sees what is about to be written, and says whether it is to be.
  , onClose :: FD -> IO ()
  , childTurn :: MVar ()
    -- ^ Empty while output is collected: whoever takes it, to start a child for one, comes after that output.
  , isCollecting :: IORef Bool
  , writes :: IORef Int
  , lastLook :: IORef Word64
  }

-- | The device of a handle.
data Stream = Stream
  { descriptor :: FD
  , streams :: Streams
  , written :: IORef Int
    -- ^ How much of the buffer that is being flushed has gone out: an interrupted flush goes on there.
  }

instance IODevice Stream where
  ready = Device.ready . descriptor
  close Stream{..} = onClose streams descriptor
  isTerminal = Device.isTerminal . descriptor
  devType _ = return Device.Stream
  dup stream = do
    copy <- Device.dup (descriptor stream)
    return stream{descriptor = copy}
  dup2 from to = to <$ Device.dup2 (descriptor from) (descriptor to)

instance RawIO Stream where
  read stream bytes offset size = flushed >> Device.read (descriptor stream) bytes offset size
  readNonBlocking = Device.readNonBlocking . descriptor
  write stream bytes _ size = writeAll stream bytes size
  writeNonBlocking stream bytes _ size = size <$ writeAll stream bytes size

instance BufferedIO Stream where
  newBuffer = Buffered.newBuffer . descriptor
  fillReadBuffer stream buffer = flushed >> Buffered.fillReadBuffer (descriptor stream) buffer
  fillReadBuffer0 = Buffered.fillReadBuffer0 . descriptor
  flushWriteBuffer stream buffer = do
    withBuffer buffer $ \bytes -> writeAll stream (bytes `plusPtr` bufL buffer) (bufferElems buffer)
    return buffer{bufL = 0, bufR = 0}
  flushWriteBuffer0 stream buffer = do
    emptied <- Buffered.flushWriteBuffer stream buffer
    return (bufferElems buffer, emptied)

-- | A question is seen before its answer is waited for.
flushed :: IO ()
flushed = quietly (hFlush stdout)

writeAll :: Stream -> Ptr Word8 -> Int -> IO ()
writeAll Stream{..} bytes size = do
  isAdmitted <- admit streams descriptor bytes size
  when isAdmitted $ do
    readIORef written >>= go
    count streams
  writeIORef written 0
  where
    go done = when (done < size) $ do
      -- A pipe that can be written to at all takes this many bytes at once, so that an interrupt finds nobody blocked.
      let piece = min 4096 (size - done)
      Device.write descriptor (bytes `plusPtr` done) 0 piece
      writeIORef written (done + piece)
      go (done + piece)

-- | Begins to collect output where there were many writes in a short time.
count :: Streams -> IO ()
count streams@Streams{..} = do
  number <- readIORef writes
  writeIORef writes (number + 1)
  collecting <- readIORef isCollecting
  unless (collecting || number < 32) $ do
    now <- getMonotonicTimeNSec
    before <- readIORef lastLook
    writeIORef lastLook now
    writeIORef writes 0
    when (now - before < 10000000) $ do
      writeIORef isCollecting True
      void (forkIO (quietly (collect streams)))

-- | Collects output until there is little of it.
collect :: Streams -> IO ()
collect Streams{..} = do
  buffering <- hGetBuffering stdout
  takeMVar childTurn
  quietly (hSetBuffering stdout (BlockBuffering Nothing) >> go)
  quietly (hSetBuffering stdout buffering >> hFlush stdout)
  writeIORef isCollecting False
  putMVar childTurn ()
  where
    go = do
      writeIORef writes 0
      threadDelay 10000
      hFlush stdout
      putMVar childTurn ()
      yield
      takeMVar childTurn
      number <- readIORef writes
      when (number > 1) go

-- | Does without what a closed handle or a reader that has gone makes impossible.
quietly :: IO () -> IO ()
quietly action = action `catch` \problem -> const (return ()) (problem :: IOError)

-- | Puts the three in the place of those that there are.
install :: Streams -> IO ()
install streams = mapM_ (reopen streams) [FD.stdin, FD.stdout, FD.stderr]

-- | Gives a standard handle a new beginning.
reopen :: Streams -> FD -> IO ()
reopen streams fd = do
  nothing <- newIORef 0
  let (name, mode, handle, buffering) = case FD.fdFD fd of
        0 -> ("<stdin>", ReadMode, stdin, NoBuffering)
        1 -> ("<stdout>", AppendMode, stdout, atOnce)
        _ -> ("<stderr>", AppendMode, stderr, atOnce)
  new <- mkFileHandle (Stream fd streams nothing) name mode (Just (encoding streams)) noNewlineTranslation
  hSetBuffering new buffering
  case (handle, new) of
    (FileHandle _ contents, FileHandle _ others) -> do
      inside <- takeMVar others
      old <- swapMVar contents inside
      -- Nobody shall flush or close it any more.
      putMVar others old{haType = ClosedHandle}
    _ -> return ()

-- | Each string is written at once. To GHC, unbuffered means a system call for each character.
atOnce :: BufferMode
atOnce = BlockBuffering (Just 1)

-- | Makes the standard handles usable, whatever the code before has done to them.
mend :: Streams -> IO ()
mend streams = do
  isOpen <- hIsOpen stdin
  unless isOpen (reopen streams FD.stdin)
  forM_ [stdout, stderr] $ \stream -> quietly $ do
    buffering <- hGetBuffering stream
    when (buffering == NoBuffering) (hSetBuffering stream atOnce)

-- | Drops what was typed for the code before.
forgetInput :: IO ()
forgetInput = case stdin of
  FileHandle _ contents -> withMVar contents $ \Handle__{..} -> do
    modifyIORef' haCharBuffer (\buffer -> buffer{bufL = 0, bufR = 0})
    modifyIORef' haByteBuffer (\buffer -> buffer{bufL = 0, bufR = 0})
  _ -> return ()
