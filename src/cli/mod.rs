//! The command line: one file per command; each says what it does and what it did.

mod archive;
mod backup;
mod config_check;
mod import;
mod intake;
mod keys;
mod load;
mod migrate;
mod openapi;
mod restore;
mod seed;
mod serve;
mod start;
mod user;
mod verify;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// One service through which a country's people reach their government.
#[derive(Debug, Parser)]
#[command(name = "samad", version, about, arg_required_else_help = true)]
struct Cli {
    /// File of local settings.
    #[arg(long, global = true, default_value = "config/local.toml", value_name = "FILE")]
    settings: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the service; with nothing configured it uses an embedded database under ./data
    Serve {
        /// Add people and cases that tell a story in every state, and keep real gateways off
        #[arg(long)]
        demo: bool,
    },
    /// Bring the database to this version's schema
    Migrate,
    /// Write the national tree and its rules into the database; safe to repeat
    Seed {
        /// Read the tree from this folder instead of the one built in
        #[arg(long, value_name = "FOLDER")]
        from: Option<PathBuf>,
    },
    /// Accounts of staff
    #[command(subcommand)]
    User(User),
    /// Settings and the national tree
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Write everything but the root key into one file, while the service goes on serving
    ///
    /// The file holds the database as it was at one moment, and every attachment that it names. It is written as FILE.part
    /// and gets its name when it is whole; a file that exists is never overwritten.
    Backup {
        /// The file to make, for example samad-2026-11-22.tar.gz
        file: PathBuf,
    },
    /// Put a backup into an empty database and data folder
    ///
    /// Every digest is compared before anything is touched. A backup goes back into the kind of database that it was
    /// taken of. The root key is not in a backup: put it in its place yourself.
    Restore {
        /// A file that `samad backup` made
        file: PathBuf,
        /// Drop messages that waited to be sent: the service that was backed up may have sent them since
        #[arg(long)]
        park_outbox: bool,
    },
    /// Prove that no history was rewritten: of the whole database, or offline by receipts
    ///
    /// Without --receipt it reads every event and anchor of the configured database, at one moment and while the service
    /// goes on serving, and tells every edit, removal, insertion and reordering, and where. With --receipt it needs neither
    /// database nor settings. It ends with 1 when anything is wrong.
    Verify(verify::Verify),
    /// Keys under which names, numbers and addresses of people are sealed
    #[command(subcommand)]
    Keys(keys::Keys),
    /// What comes in by machine, and what came in and could not be taken
    #[command(subcommand)]
    Intake(intake::Intake),
    /// Take many things in at once
    #[command(subcommand)]
    Import(import::Import),
    /// Make load: replay real records, measure, fill a database
    #[command(subcommand)]
    Load(load::Load),
    /// Print the OpenAPI document
    Openapi,
}

#[derive(Debug, Subcommand)]
enum User {
    /// Make an account; asks for the password, or reads it from SAMAD_PASSWORD
    Add {
        /// Lower-case sign-in name
        username: String,
        /// Full name
        #[arg(long)]
        name: String,
        /// Roles as role@OFFICE, for example handler@MOEN; repeat for several
        #[arg(long = "role", required = true, value_name = "ROLE@OFFICE")]
        roles: Vec<String>,
    },
    /// Set a password that nobody else may set, and end the account's sessions; asks, or reads SAMAD_PASSWORD
    Password {
        /// Sign-in name
        username: String,
    },
    /// Remove a lost second factor and end the account's sessions
    RemoveSecondFactor {
        /// Sign-in name
        username: String,
    },
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Tell everything wrong with the settings and the national tree, with file and line
    Check {
        /// Check the tree in this folder instead of the one built in
        #[arg(long, value_name = "FOLDER")]
        tree: Option<PathBuf>,
    },
}

/// Runs the command that the arguments name.
pub fn run() -> anyhow::Result<()> {
    let cli = Cli::parse();
    // a reader that has seen enough (`| head`) ends what only prints; sockets must not end a service
    if !matches!(cli.command, Command::Serve { .. } | Command::Load(_)) {
        sigpipe::reset();
    }
    match cli.command {
        Command::Serve { demo } => serve::run(&cli.settings, demo),
        Command::Migrate => migrate::run(&cli.settings),
        Command::Seed { from } => seed::run(&cli.settings, from.as_deref()),
        Command::User(User::Add { username, name, roles }) => {
            user::add(&cli.settings, &username, &name, &roles)
        }
        Command::User(User::Password { username }) => user::password(&cli.settings, &username),
        Command::User(User::RemoveSecondFactor { username }) => user::remove_factor(&cli.settings, &username),
        Command::Config(ConfigCommand::Check { tree }) => config_check::run(&cli.settings, tree.as_deref()),
        Command::Backup { file } => backup::run(&cli.settings, &file),
        Command::Restore { file, park_outbox } => {
            let outbox = if park_outbox { restore::Outbox::Park } else { restore::Outbox::Keep };
            restore::run(&cli.settings, &file, outbox)
        }
        Command::Verify(args) => verify::run(&cli.settings, &args),
        Command::Keys(keys) => keys::run(&cli.settings, &keys),
        Command::Intake(intake) => intake::run(&cli.settings, &intake),
        Command::Import(import) => import::run(&cli.settings, &import),
        Command::Load(load) => load::run(&cli.settings, &load),
        Command::Openapi => openapi::run(),
    }
}
