use runner_perl as _;

fn main() -> std::process::ExitCode {
    kernel_runner::main()
}
