-- | Shows pictures and HTML to whoever has sent the code.
module KernelRunner (display) where

import Control.Concurrent (threadWaitRead, threadWaitWrite)
import Control.Exception (bracket)
import Control.Monad (when)
import Data.List (isPrefixOf, isSuffixOf)
import Data.Word (Word16)
import Foreign.C.Error (throwErrnoIfMinus1, throwErrnoIfMinus1RetryMayBlock, throwErrnoIfMinus1_)
import Foreign.C.Types (CInt (..), CSize (..), CUInt (..))
import Foreign.Marshal.Alloc (allocaBytes)
import Foreign.Marshal.Utils (copyBytes, fillBytes)
import Foreign.Ptr (Ptr, castPtr, plusPtr)
import Foreign.Storable (poke)
import qualified GHC.Foreign as Foreign
import GHC.IO.Encoding (getFileSystemEncoding)
import System.Environment (lookupEnv)
import System.IO (char8, hFlush, stderr, stdout, utf8)
import System.Posix.Types (CSsize (..))

foreign import ccall unsafe "socket" openSocket :: CInt -> CInt -> CInt -> IO CInt
foreign import ccall unsafe "connect" connectTo :: CInt -> Ptr () -> CUInt -> IO CInt
foreign import ccall unsafe "send" sendSome :: CInt -> Ptr () -> CSize -> CInt -> IO CSsize
foreign import ccall unsafe "recv" receiveSome :: CInt -> Ptr () -> CSize -> CInt -> IO CSsize
foreign import ccall unsafe "shutdown" endOf :: CInt -> CInt -> IO CInt
foreign import ccall unsafe "close" closeSocket :: CInt -> IO CInt

-- | Shows a text of a MIME type, after everything that was printed so far: @display "text/html" "<b>hello</b>"@. Where
-- the type is not one of text, each character is a byte.
display :: String -> String -> IO ()
display mime text = do
  hFlush stdout
  hFlush stderr
  path <- lookupEnv "KERNEL_RUNNER_DISPLAY" >>= maybe (fail "display: this is no program of kernel-runner's") return
  bracket (throwErrnoIfMinus1 "socket" (openSocket localFamily stream 0)) closeSocket $ \socket -> do
    connect socket path
    Foreign.withCStringLen utf8 (mime ++ "\n") (send socket)
    Foreign.withCStringLen (if isText then utf8 else char8) text (send socket)
    throwErrnoIfMinus1_ "shutdown" (endOf socket 1)
    -- The other side ends the connection when the thing is shown.
    threadWaitRead (fromIntegral socket)
    _ <- allocaBytes 1 (\byte -> receiveSome socket byte 1 0)
    return ()
  where
    isText = "text/" `isPrefixOf` mime || any (`isSuffixOf` mime) ["+xml", "json", "javascript"]
    stream = 1

localFamily :: Num number => number
localFamily = 1

-- | Connects to the socket at a path; the structure that C wants is a number of two bytes, and the path.
connect :: CInt -> FilePath -> IO ()
connect socket path = do
  encoding <- getFileSystemEncoding
  Foreign.withCStringLen encoding path $ \(bytes, count) -> allocaBytes size $ \address -> do
    fillBytes address 0 size
    poke (castPtr address) (localFamily :: Word16)
    copyBytes (address `plusPtr` 2) bytes (min count (size - 3))
    throwErrnoIfMinus1_ "connect" (connectTo socket address (fromIntegral size))
  where
    size = 110

send :: CInt -> (Ptr a, Int) -> IO ()
send socket (bytes, count) = when (count > 0) $ do
  sent <- throwErrnoIfMinus1RetryMayBlock "send" attempt (threadWaitWrite (fromIntegral socket))
  send socket (bytes `plusPtr` fromIntegral sent, count - fromIntegral sent)
  where
    attempt = sendSome socket (castPtr bytes) (fromIntegral count) (doNotWait + noSignal)
    doNotWait = 0x40
    noSignal = 0x4000
