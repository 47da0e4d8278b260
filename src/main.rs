//! Parses the command line and runs one command.

fn main() -> std::process::ExitCode {
    match samad::cli::run() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("samad: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
