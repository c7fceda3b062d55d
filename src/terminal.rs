//! The person at the terminal: prompts, progress, color.

use std::io::{IsTerminal, Write, stderr, stdin, stdout};
use std::time::{Duration, Instant};

use console::{Style, Term};
use dialoguer::Select;
use dialoguer::theme::SimpleTheme;

use crate::error::Error;
use crate::escape::{line, plain};

/// When to use colour.
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
    /// Something is, or may soon be, lost.
    Bad,
}

/// Standard input, output and error, as this run has them.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// True if input and error are terminals.
    interactive: bool,
    color: bool,
}

impl Terminal {
    /// The terminal of this process.
    pub fn new(color: Color) -> Self {
        // Enables colors in a Windows console, too.
        let colored = Term::stderr().features().colors_supported();
        Self {
            interactive: stdin().is_terminal() && stderr().is_terminal(),
            color: match color {
                Color::Auto => colored,
                Color::Always => true,
                Color::Never => false,
            },
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

    /// Prints a line for the person to standard error. A failure to write is ignored.
    pub fn note(&self, text: &str) {
        let _ = writeln!(stderr(), "{}", plain(text));
    }

    /// Prints `HEAD: REST` to standard error, the head colored.
    pub fn headline(&self, tone: Tone, head: &str, rest: &str) {
        let _ = writeln!(stderr(), "{}: {}", styled(tone, self.color, head), line(rest));
    }

    /// A line for standard output with a colored mark.
    pub fn marked(&self, tone: Tone, mark: &str, rest: &str) -> String {
        let color = self.color && stdout().is_terminal();
        format!("{} {}", styled(tone, color, mark), line(rest))
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
        let typed = interruptible(read).await?;
        if !typed.ends_with('\n') {
            self.note("");
        }
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
        Progress { term: shown, since: Instant::now(), frame: 0 }
    }
}

fn styled(tone: Tone, color: bool, text: &str) -> String {
    let style = match tone {
        Tone::Good => Style::new().green(),
        Tone::Plain => Style::new().cyan(),
        Tone::Bad => Style::new().red().bold(),
    };
    style.force_styling(color).apply_to(line(text)).to_string()
}

/// A line that is redrawn during a wait; nothing if standard error is not a terminal.
pub struct Progress {
    term: Option<Term>,
    since: Instant,
    frame: usize,
}

impl Progress {
    /// The interval between drawings.
    pub const EVERY: Duration = Duration::from_millis(100);

    /// True if the line is shown.
    pub fn is_shown(&self) -> bool {
        self.term.is_some()
    }

    /// Draws `what` with the elapsed seconds.
    pub fn tick(&mut self, what: &str) {
        const FRAMES: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
        let Some(term) = &self.term else { return };
        self.frame = (self.frame + 1) % FRAMES.len();
        let shown = format!("{} waiting for {} ({}s)", FRAMES[self.frame], line(what), self.since.elapsed().as_secs());
        // Only one row can be cleared, so the line is cut to the width of the terminal.
        let width = usize::from(term.size().1).saturating_sub(1);
        let shown: String = shown.chars().take(width).collect();
        let _ = term.clear_line().and_then(|()| term.write_str(&shown)).and_then(|()| term.flush());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let (Some(term), true) = (&self.term, self.frame > 0) {
            let _ = term.clear_line();
        }
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
