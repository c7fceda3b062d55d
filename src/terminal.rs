//! The person at the terminal: prompts, progress, color.

use std::io::{IsTerminal, Write, stderr, stdin, stdout};
use std::time::Duration;

use console::{Style, Term};
use dialoguer::Select;
use dialoguer::theme::SimpleTheme;

use crate::error::Error;
use crate::escape::{line, plain};

/// When to use color.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set (<https://no-color.org>).
    Auto,
    /// Even in a pipe.
    Always,
    /// Not at all.
    Never,
}

/// The urgency of a line, which decides the color of its first words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// Something to do or to wait for.
    Plain,
    /// To be known.
    Warning,
    /// Something is, or may soon be, lost.
    Bad,
}

/// Standard input, output and error, as this run has them.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// True if input and error are terminals.
    interactive: bool,
    /// True if standard output is colored, and if standard error is.
    colored: (bool, bool),
}

/// An output stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output: the answer.
    Out,
    /// Standard error: what is said beside it.
    Err,
}

impl Terminal {
    /// The terminal of this process.
    pub fn new(color: Color) -> Self {
        // Enables colors in a Windows console, too.
        let colored = |term: &Term| match color {
            Color::Auto => term.features().colors_supported(),
            Color::Always => true,
            Color::Never => false,
        };
        Self {
            interactive: stdin().is_terminal() && stderr().is_terminal(),
            colored: (colored(&Term::stdout()), colored(&Term::stderr())),
        }
    }

    /// True if there is a person to ask.
    pub fn is_interactive(&self) -> bool {
        self.interactive
    }

    /// Prints the result to standard output. A closed pipe (`| head`) is not an error.
    pub fn print(&self, text: &str) -> Result<(), Error> {
        let mut out = stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Prints text to a stream.
    pub fn say(&self, stream: Stream, text: &str) -> Result<(), Error> {
        match stream {
            Stream::Out => self.print(text),
            Stream::Err => {
                let _ = write!(stderr(), "{text}");
                Ok(())
            }
        }
    }

    /// Prints a line for the person to standard error. A failure to write is ignored.
    pub fn note(&self, text: &str) {
        let _ = writeln!(stderr(), "{}", plain(text));
    }

    /// Prints a change to standard error, line by line: removed and deleting in red, added and keeping in green.
    pub fn show_change(&self, text: &str) {
        let paint = |text: &str| {
            let (text, color) = (plain(text), self.colored.1);
            let whole = |tone| painted(tone, color, &text);
            match text.as_bytes() {
                [b'+', ..] => whole(Tone::Good),
                [b'-', ..] => whole(Tone::Bad),
                _ => ["Delete", "Recycle", "Retain"].iter().fold(text.clone(), |line, policy| {
                    let tone = if *policy == "Retain" { Tone::Good } else { Tone::Bad };
                    line.replace(policy, &painted(tone, color, policy))
                }),
            }
        };
        let lines: String = text.lines().map(|text| paint(text) + "\n").collect();
        let _ = write!(stderr(), "{lines}");
    }

    /// Prints `HEAD: REST` to standard error, the head colored.
    pub fn headline(&self, tone: Tone, head: &str, rest: &str) {
        let _ = write!(stderr(), "{}", self.headed(Stream::Err, tone, head, rest));
    }

    /// Prints an error to standard error, the head colored; its line breaks stay.
    pub fn error(&self, head: &str, rest: &str) {
        let _ = writeln!(stderr(), "{}: {}", painted(Tone::Bad, self.colored.1, &plain(head)), plain(rest));
    }

    /// The line `HEAD: REST` for a stream, the head colored.
    pub fn headed(&self, stream: Stream, tone: Tone, head: &str, rest: &str) -> String {
        let head = painted(tone, self.is_colored(stream), &line(head));
        if rest.is_empty() { format!("{head}:\n") } else { format!("{head}: {}\n", line(rest)) }
    }

    /// Text for a stream in a tone's color.
    pub fn styled(&self, stream: Stream, tone: Tone, text: &str) -> String {
        painted(tone, self.is_colored(stream), &line(text))
    }

    fn is_colored(&self, stream: Stream) -> bool {
        if stream == Stream::Out { self.colored.0 } else { self.colored.1 }
    }

    /// Asks for confirmation; only `y` and `yes` are yes, and a bare Return and the end of input are no. Input typed
    /// before the question is discarded.
    ///
    /// Reads a whole line, because dialoguer's confirmation ignores the end of input.
    pub async fn confirm(&self, question: &str) -> Result<bool, Error> {
        let mut err = stderr();
        discard_typed();
        write!(err, "{} [y/N] ", line(question)).and_then(|()| err.flush())?;
        let read = || {
            let mut typed = String::new();
            stdin().read_line(&mut typed).map(|_| typed)
        };
        // The line of the question ends with the answer, with the end of input, and with Ctrl-C.
        let mut open = OpenLine(true);
        let typed = interruptible(read).await?;
        open.0 = !typed.ends_with('\n');
        Ok(["y", "yes"].iter().any(|yes| typed.trim().eq_ignore_ascii_case(yes)))
    }

    /// Asks for one of `items`; `None` if the user chooses none.
    pub async fn select(&self, question: &str, items: &[String]) -> Result<Option<usize>, Error> {
        discard_typed();
        let items: Vec<_> = items.iter().map(|item| line(item)).collect();
        let question = line(question);
        let answer = interruptible(move || {
            let term = Term::stderr();
            let menu = Select::with_theme(&SimpleTheme).with_prompt(question).items(&items).default(0);
            let answer = menu.interact_on_opt(&term);
            // The menu hides the cursor and leaves it hidden when interrupted.
            let _ = term.show_cursor();
            answer.map_err(|dialoguer::Error::IO(error)| error)
        });
        // The menu takes Ctrl-C as a key.
        answer.await.map_err(|error| match error.kind() {
            std::io::ErrorKind::Interrupted => Error::Interrupted,
            _ => error.into(),
        })
    }

    /// Waits until nobody reads standard output any more: a pipe whose reader has ended (`| head`).
    #[cfg(unix)]
    pub async fn output_closed(&self) {
        use rustix::event::{PollFd, PollFlags, poll};
        // An error of the file is reported even if no event is asked for (poll(2)).
        let closed = interruptible(|| Ok(poll(&mut [PollFd::new(&stdout(), PollFlags::empty())], None)?));
        if closed.await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// A closed pipe is noticed at the next line.
    #[cfg(windows)]
    pub async fn output_closed(&self) {
        std::future::pending::<()>().await;
    }

    /// A progress line, shown if standard error is a terminal; [`Progress::tick`] draws it.
    pub fn progress(&self) -> Progress {
        let shown = stderr().is_terminal().then(Term::stderr);
        Progress { term: shown, frame: 0 }
    }
}

fn painted(tone: Tone, color: bool, text: &str) -> String {
    let style = match tone {
        Tone::Good => Style::new().green(),
        Tone::Plain => Style::new().cyan(),
        Tone::Warning => Style::new().yellow(),
        Tone::Bad => Style::new().red().bold(),
    };
    style.force_styling(color).apply_to(text).to_string()
}

/// A line of a question that is not ended yet.
struct OpenLine(bool);

impl Drop for OpenLine {
    fn drop(&mut self) {
        if self.0 {
            let _ = writeln!(stderr());
        }
    }
}

/// A line that is redrawn during a wait; nothing if standard error is not a terminal. Its last state stays.
pub struct Progress {
    term: Option<Term>,
    frame: usize,
}

impl Progress {
    /// The interval between drawings.
    pub const EVERY: Duration = Duration::from_millis(100);

    /// True if the line is shown.
    pub fn is_shown(&self) -> bool {
        self.term.is_some()
    }

    /// Draws the line again.
    pub fn tick(&mut self, text: &str) {
        const FRAMES: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
        self.frame += 1;
        self.draw(&format!("{} {}", FRAMES[self.frame % FRAMES.len()], line(text)));
    }

    /// Ends the line with its last state.
    pub fn end(&mut self, text: &str) {
        if self.frame > 0 {
            self.draw(&line(text));
            self.leave();
        }
    }

    /// Ends the line as it stands, so that what is printed next has a line of its own.
    pub fn leave(&mut self) {
        if let (Some(term), true) = (&self.term, self.frame > 0) {
            let _ = term.write_line("");
            self.frame = 0;
        }
    }

    fn draw(&self, text: &str) {
        let Some(term) = &self.term else { return };
        // Only one row can be cleared, so the line is cut to the width of the terminal.
        let width = usize::from(term.size().1).saturating_sub(1);
        let shown: String = text.chars().take(width).collect();
        let _ = term.clear_line().and_then(|()| term.write_str(&shown)).and_then(|()| term.flush());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Reads what may never come, on a thread of its own, so that Ctrl-C ends the program.
pub async fn interruptible<T: Send + 'static>(
    read: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> std::io::Result<T> {
    tokio::task::spawn_blocking(read).await.map_err(std::io::Error::other)?
}

/// Discards the input that is waiting at the terminal.
#[cfg(unix)]
fn discard_typed() {
    // If that fails, the question is asked all the same.
    let _ = rustix::termios::tcflush(stdin(), rustix::termios::QueueSelector::IFlush);
}

#[cfg(windows)]
fn discard_typed() {
    use crossterm_winapi::{Console, Handle};
    let _ = Handle::current_in_handle().and_then(|input| Console::from(input).read_console_input());
}
