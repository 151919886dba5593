//! `checker shell`.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Arg, Args, Command, Subcommand, ValueHint};
use clap_complete::Shell;

use crate::manifest::PARTS;
use report::terminal::{print, print_for_programs};
use testkit::trouble::{Result, Trouble, While};
use testkit::verdict::Standing;

/// The name that people type once the checker is installed.
const NAME: &str = "checker";

const COMPLETIONS: &str = "\
Completions work for `checker` as `cargo install --path checker` installs it; `cargo checker`
is a command of cargo, with cargo's completions. To install them, for

  bash        checker shell completions bash > ~/.local/share/bash-completion/completions/checker
  zsh         checker shell completions zsh > ~/.zfunc/_checker
              (with `fpath+=~/.zfunc` in ~/.zshrc, before compinit)
  fish        checker shell completions fish > ~/.config/fish/completions/checker.fish
  elvish      checker shell completions elvish >> ~/.config/elvish/rc.elv
  powershell  checker shell completions powershell >> $PROFILE

and open a new shell. If the folder does not exist, create it first.";

const MAN: &str = "\
To install the pages, so that `man checker` and `man checker-part1` show them:

  checker shell man --output ~/.local/share/man/man1";

/// Its flags.
#[derive(Debug, Args)]
pub(super) struct ShellArgs {
    #[command(subcommand)]
    command: For,
}

#[derive(Debug, Subcommand)]
enum For {
    /// Writes completions for a shell, including parts, problems and scenarios
    #[command(after_help = COMPLETIONS)]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Writes the manual page, or with --output a page for each command
    #[command(after_help = MAN)]
    Man {
        /// The folder for the pages; it is created if it does not exist
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        output: Option<PathBuf>,
    },
}

/// Runs it.
pub(super) fn run(args: ShellArgs) -> Result<Standing> {
    match args.command {
        For::Completions { shell } => {
            let mut text = Vec::new();
            let mut command = with_values(super::command());
            clap_complete::generate(shell, &mut command, NAME, &mut text);
            let mut text = String::from_utf8_lossy(&text).into_owned();
            if shell == Shell::Fish {
                text.push_str(&places_for_fish(&command));
            }
            print_for_programs(&text)?;
        }
        For::Man { output: None } => {
            let mut text = Vec::new();
            let page = clap_mangen::Man::new(with_values(super::command()));
            page.render(&mut text)
                .or_trouble(|| "write the manual page")?;
            print_for_programs(&String::from_utf8_lossy(&text))?;
        }
        For::Man {
            output: Some(folder),
        } => pages(&folder)?,
    }
    Ok(Standing::Passed)
}

/// The arguments that can follow a command, in fish's syntax: the completions that clap generates
/// know only the values of flags.
fn places_for_fish(command: &Command) -> String {
    let mut text = String::new();
    for subcommand in command.get_subcommands() {
        let name = subcommand.get_name();
        for (place, arg) in subcommand.get_positionals().enumerate() {
            let values = arg.get_possible_values().into_iter().map(|value| {
                let help = value.get_help().map(|help| help.to_string());
                format!(
                    "{}\\t'{}'",
                    value.get_name(),
                    help.unwrap_or_default().replace('\'', "")
                )
            });
            let values: Vec<String> = values.collect();
            if values.is_empty() {
                continue;
            }
            // The words so far: `checker`, the command, and what stands before this place.
            let words = "count (string match -v -- '-*' (commandline -opc))";
            let _ = writeln!(
                text,
                "complete -c {NAME} -n \"__fish_{NAME}_using_subcommand {name}; and test ({words}) -eq {}\" -f -a \"{}\"",
                place + 2,
                values.join("\n")
            );
        }
    }
    text
}

fn pages(folder: &Path) -> Result<()> {
    if std::fs::metadata(folder).is_ok_and(|meta| !meta.is_dir()) {
        return Err(Trouble::new(format!(
            "could not write the pages to {}: it is not a folder",
            folder.display()
        )));
    }
    std::fs::create_dir_all(folder).or_trouble(|| format!("make {}", folder.display()))?;
    clap_mangen::generate_to(with_values(super::command()), folder)
        .map_err(|error| Trouble::new(format!("could not write {}: {error}", folder.display())))?;
    print(format_args!(
        "The pages are in {}; begin with `man checker`.\n",
        folder.display()
    ))
}

/// The command line with the values that can follow its flags. They are only suggestions: the code
/// that reads a flag decides what is allowed, and explains it better.
fn with_values(command: Command) -> Command {
    command.mut_subcommands(|subcommand| {
        let part = PARTS.iter().find(|part| part.name == subcommand.get_name());
        let part = part.map(|part| part.number);
        subcommand.mut_args(|arg| with_values_of(arg, part))
    })
}

fn with_values_of(arg: Arg, part: Option<u8>) -> Arg {
    let offered = match arg.get_id().as_str() {
        "part" => PARTS
            .iter()
            .map(|part| PossibleValue::new(part.name).help(part.title))
            .collect(),
        // Runs have names of their own as well, which nobody can know beforehand.
        "run" => runs(),
        "problem" | "problems" => problems(part),
        "scenario" => PARTS
            .iter()
            .flat_map(|part| part.scenarios)
            .map(|scenario| PossibleValue::new(scenario.id).help(scenario.title))
            .collect(),
        "store" => ["auto", "embedded", "redis"].map(PossibleValue::new).into(),
        "node" => ["n1", "n2", "n3", "n4", "n5"]
            .map(PossibleValue::new)
            .into(),
        "submission" => return arg.value_hint(ValueHint::DirPath),
        _ => return arg,
    };
    arg.value_parser(PossibleValuesParser::new(offered))
        .hide_possible_values(true)
}

/// The words for the last run of each part, and for the last session.
fn runs() -> Vec<PossibleValue> {
    let of_parts = PARTS
        .iter()
        .map(|part| PossibleValue::new(part.name).help(part.title));
    let session = PossibleValue::new("play").help("the last session that was kept");
    of_parts.chain([session]).collect()
}

/// The problems of a part with their titles; of any part, the numbers that there are.
fn problems(part: Option<u8>) -> Vec<PossibleValue> {
    const NUMBERS: [&str; 10] = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"];
    let of_part = PARTS.iter().find(|known| Some(known.number) == part);
    match of_part {
        Some(part) => NUMBERS
            .iter()
            .zip(part.problems)
            .map(|(number, problem)| PossibleValue::new(*number).help(problem.title))
            .collect(),
        None => NUMBERS.map(PossibleValue::new).into(),
    }
}
