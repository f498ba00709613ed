{-# LANGUAGE MagicHash, UnboxedTuples #-}

-- | Runs the user's program with the standard handles that it would have at a terminal. The linker puts this @main@ in
-- the place of the program's, and @__real_@ before the name of that.
module KernelRunnerMain (main) where

import Control.Concurrent (newMVar)
import Data.IORef (newIORef)
import GHC.Exts (Ptr (..), addrToAny#)
import GHC.IO.Device (close)
import GHC.IO.Encoding (getLocaleEncoding)
import KernelRunnerStreams (Streams (..), install)

foreign import ccall "&__real_ZCMain_main_closure" program :: Ptr (IO ())

main :: IO ()
main = do
  streams <- Streams <$> getLocaleEncoding <*> pure (\_ _ _ -> return True) <*> pure close
    <*> newMVar () <*> newIORef False <*> newIORef 0 <*> newIORef 0
  install streams
  case program of Ptr address -> case addrToAny# address of (# action #) -> action
