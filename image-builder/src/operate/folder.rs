// SPDX-License-Identifier: Apache-2.0
//! The run directory: a folder for each run with its lock, its state and its sockets.
//!
//! `SLUICE_RUN_DIR` names it; else it is `sluice` in `XDG_RUNTIME_DIR`, else `/run/sluice` for root, else a folder of the user's
//! own in `/tmp`. The manager of a run holds the run's lock as long as it lives, so another process knows at once whether it is
//! gone. The directory's own lock is held only while a folder is made or removed.

use super::state::State;
use crate::failure::usage;
use anyhow::{Context, anyhow};
use nix::unistd::Uid;
use std::fs::{self, DirBuilder, File, TryLockError};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Most bytes of a run's name: sockets' paths are short (unix(7): 108 bytes).
const NAME_BYTES: usize = 32;
/// Most bytes of the path of a socket, the closing zero not included.
const SOCKET_BYTES: usize = 107;
/// The longest name of a socket in a run's folder.
const LONGEST_SOCKET: &str = "9999-99.host";
/// The lock in a run's folder, and that of the directory: no run has such a name.
const LOCK: &str = "lock";
const ROOT_LOCK: &str = ".lock";

/// The run directory.
pub struct Root(PathBuf);

/// The folder of a run that this process has locked. Dropped, it is removed.
pub struct RunFolder {
    path: PathBuf,
    name: String,
    root: PathBuf,
    _lock: File,
}

/// Who has it stands in for a run's manager: the run's lock.
pub struct StandIn(#[expect(dead_code, reason = "it is held, not read")] File);

/// A run that was found.
pub struct Found {
    /// Its name.
    pub name: String,
    /// Its folder.
    pub path: PathBuf,
    /// What it says of itself.
    pub state: State,
}

/// How it is with a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Condition {
    /// Its VMs are being started.
    Starting,
    /// Its manager lives.
    Running,
    /// Its manager is gone and VMs of it live.
    Orphaned,
    /// Nothing of it lives.
    Dead,
}

impl Root {
    /// The run directory, which is made if it is not there.
    pub fn open() -> anyhow::Result<Root> {
        let path = place();
        DirBuilder::new().recursive(true).mode(0o700).create(&path).with_context(|| {
            format!("cannot make the run directory {}; SLUICE_RUN_DIR names another", path.display())
        })?;
        let found = fs::symlink_metadata(&path).with_context(|| format!("cannot look at {}", path.display()))?;
        if found.uid() != Uid::effective().as_raw() || found.mode() & 0o022 != 0 {
            let shown = path.display();
            return Err(usage(format!("others may write to the run directory {shown}; SLUICE_RUN_DIR names another")));
        }
        Ok(Root(path))
    }

    /// Makes and locks the folder of a new run. A run that was not named takes the first free of `stem`, `stem-2`, `stem-3`, …
    pub fn create(&self, named: Option<&str>, stem: &str) -> anyhow::Result<RunFolder> {
        let _guard = self.guard()?;
        let Some(name) = named else {
            let stem = plain(stem);
            let numbered = (2..).map(|number| format!("{stem}-{number}"));
            let mut names = std::iter::once(stem.clone()).chain(numbered);
            return names.find_map(|name| self.make(&name).transpose()).context("there is always another number")?;
        };
        if name.is_empty() || plain(name) != name {
            return Err(usage(format!(
                "'{name}' is no name for a run: wanted at most {NAME_BYTES} letters, digits, '_' and '-'"
            )));
        }
        self.make(name)?.ok_or_else(|| {
            usage(format!("there is a run '{name}' already: sluice stop {name} ends it; or choose another --name"))
        })
    }

    /// The folder `name`, locked; none if a run has it that is not dead.
    fn make(&self, name: &str) -> anyhow::Result<Option<RunFolder>> {
        let path = self.0.join(name);
        if path.join(LONGEST_SOCKET).as_os_str().len() > SOCKET_BYTES {
            return Err(usage(format!(
                "the path of the run directory is too long for sockets: {}; SLUICE_RUN_DIR names another",
                self.0.display()
            )));
        }
        if path.exists() && !self.clear(name)? {
            return Ok(None);
        }
        DirBuilder::new().mode(0o700).create(&path).with_context(|| format!("cannot make {}", path.display()))?;
        let lock = File::create(path.join(LOCK)).context("cannot make the lock of the run")?;
        lock.try_lock().map_err(|error| anyhow!("cannot lock the run: {error}"))?;
        Ok(Some(RunFolder { path, name: name.into(), root: self.0.clone(), _lock: lock }))
    }

    /// Removes the folder `name` if its run is dead: whether it is gone.
    fn clear(&self, name: &str) -> anyhow::Result<bool> {
        let path = self.0.join(name);
        if let Some(found) = self.look(name)
            && found.condition() != Condition::Dead
        {
            return Ok(false);
        }
        // A run without a state has only just begun if it is locked.
        let Some(_lock) = try_lock(&path)? else { return Ok(false) };
        for socket in State::read(&path).into_iter().flat_map(|state| state.foreign) {
            let _ = fs::remove_file(socket);
        }
        let _ = fs::remove_file(log(&self.0, name));
        fs::remove_dir_all(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        Ok(true)
    }

    /// All runs that are not dead, by name; what is left of dead ones is removed.
    pub fn runs(&self) -> anyhow::Result<Vec<Found>> {
        let _guard = self.guard()?;
        let entries = fs::read_dir(&self.0).with_context(|| format!("cannot read {}", self.0.display()))?;
        let folders = entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        let mut names: Vec<_> = folders.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        let mut runs = Vec::new();
        for name in names.iter().filter(|name| plain(name) == **name) {
            if !self.clear(name)? {
                runs.extend(self.look(name));
            }
        }
        Ok(runs)
    }

    fn look(&self, name: &str) -> Option<Found> {
        let path = self.0.join(name);
        let state = State::read(&path)?;
        Some(Found { name: name.into(), state, path })
    }

    fn guard(&self) -> anyhow::Result<File> {
        guard(&self.0)
    }
}

impl RunFolder {
    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The run's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where a run in the background writes what it says: beside the folder, which ends with the run.
    pub fn log(&self) -> PathBuf {
        log(&self.root, &self.name)
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        let _guard = guard(&self.root);
        let _ = fs::remove_dir_all(&self.path);
    }
}

impl Found {
    /// How it is with it.
    pub fn condition(&self) -> Condition {
        match self.state.manager.lives() {
            true if self.state.ready => Condition::Running,
            true => Condition::Starting,
            false if self.has_living_vms() => Condition::Orphaned,
            false => Condition::Dead,
        }
    }

    fn has_living_vms(&self) -> bool {
        let census = self.state.census();
        self.state.vms.iter().filter_map(|vm| vm.body.as_ref()).any(|body| census.lives(body))
    }

    /// Where its manager writes what it says, if it runs in the background. It stays if the manager ended with an error.
    pub fn log(&self) -> PathBuf {
        self.path.with_file_name(format!("{}.log", self.name))
    }

    /// Stands in for its manager, which is gone. None if another process does so just now.
    pub fn stand_in(&self) -> anyhow::Result<Option<StandIn>> {
        Ok(try_lock(&self.path)?.map(StandIn))
    }
}

/// The lock in a run's folder; none if another process has it.
fn try_lock(folder: &Path) -> anyhow::Result<Option<File>> {
    let lock =
        File::create(folder.join(LOCK)).with_context(|| format!("cannot open the lock in {}", folder.display()))?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(anyhow!(error).context("cannot lock the run")),
    }
}

fn log(root: &Path, name: &str) -> PathBuf {
    root.join(format!("{name}.log"))
}

fn guard(root: &Path) -> anyhow::Result<File> {
    let lock = File::create(root.join(ROOT_LOCK)).with_context(|| format!("cannot write to {}", root.display()))?;
    lock.lock().with_context(|| format!("cannot lock {}", root.display()))?;
    Ok(lock)
}

fn place() -> PathBuf {
    let named = |variable: &str| std::env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from);
    if let Some(path) = named("SLUICE_RUN_DIR") {
        return std::path::absolute(&path).unwrap_or(path);
    }
    let user = Uid::effective();
    match named("XDG_RUNTIME_DIR") {
        Some(path) => path.join("sluice"),
        None if user.is_root() => "/run/sluice".into(),
        None => format!("/tmp/sluice-{user}").into(),
    }
}

/// A name of letters, digits, `_` and `-`, not too long.
fn plain(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '_' };
    name.chars().map(plain).take(NAME_BYTES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operate::process::Process;

    fn root() -> (tempfile::TempDir, Root) {
        let folder = tempfile::tempdir().unwrap();
        let root = Root(folder.path().into());
        (folder, root)
    }

    fn state(run: &RunFolder) -> State {
        State::begin(run.name(), Path::new("a.nf"), "microvm, tcg".into(), false)
    }

    #[test]
    fn a_second_run_gets_a_number_and_a_second_name_an_error() {
        let (_folder, root) = root();
        let first = root.create(None, "a b").unwrap();
        let second = root.create(None, "a b").unwrap();
        assert_eq!((first.name(), second.name()), ("a_b", "a_b-2"));
        for (name, says) in [("a_b", "a run 'a_b' already"), ("", "no name"), ("../x", "no name")] {
            assert!(root.create(Some(name), "x").is_err_and(|error| error.to_string().contains(says)), "{name}");
        }
        drop(first);
        assert_eq!(root.create(None, "a b").unwrap().name(), "a_b");
    }

    #[test]
    fn dead_runs_are_swept_and_living_ones_are_not() {
        let (folder, root) = root();
        let (live, dead) = (root.create(None, "live").unwrap(), root.create(None, "dead").unwrap());
        state(&live).write(live.path()).unwrap();
        let mut child = std::process::Command::new("sleep").arg("100").spawn().unwrap();
        let gone = Process::of(child.id()).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let mut killed = state(&dead);
        killed.manager = gone;
        killed.write(dead.path()).unwrap();
        let left = dead.path().to_path_buf();
        // As if it were killed: the folder stays, the lock goes with the process.
        let RunFolder { _lock, .. } = &dead;
        _lock.unlock().unwrap();
        let runs = root.runs().unwrap();
        assert_eq!(
            runs.iter().map(|run| (&*run.name, run.condition())).collect::<Vec<_>>(),
            [("live", Condition::Starting)]
        );
        assert!(!left.exists() && runs[0].stand_in().unwrap().is_none());
        drop((live, dead));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "only the directory's own lock is left");
    }
}
