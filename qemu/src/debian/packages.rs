// SPDX-License-Identifier: Apache-2.0
//! Packages fetched with apt into a cache and unpacked there. apt keeps its lists in the cache, too: no root is needed, and
//! the host's lists may be as old as they like.

use super::{DebianError, at, read, write_whole};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What to fetch.
#[derive(Clone, Copy, Debug, Default)]
pub struct Packages<'a> {
    /// Metapackages of kernels: of each, the kernel of the current version.
    pub kernels: &'a [&'a str],
    /// Packages of which only the files are wanted.
    pub plain: &'a [&'a str],
    /// Packages whose programs are to run: their libraries come with them, but no other package that they ask for.
    pub programs: &'a [&'a str],
}

/// The folder where packages are unpacked.
#[derive(Clone, Debug)]
pub struct Root {
    folder: PathBuf,
}

/// Where Debian's programs look for libraries.
const LIBRARIES: [&str; 2] = ["lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu"];
/// What starts them.
pub(super) const LOADER: &str = "lib/x86_64-linux-gnu/ld-linux-x86-64.so.2";

impl Root {
    /// Unpacks `packages` into `cache`, unless they are there. Of two runs at once one fetches and the other waits for it.
    pub fn prepare(cache: &Path, packages: &Packages) -> Result<Root, DebianError> {
        let folder = cache.join("root");
        fs::create_dir_all(cache).map_err(at(cache))?;
        let lock = cache.join("lock");
        let lock = File::create(&lock).and_then(|file| file.lock().map(|()| file)).map_err(at(&lock))?;
        let complete = cache.join("complete");
        let wanted = format!("{packages:?}");
        if fs::read_to_string(&complete).is_ok_and(|had| had == wanted) {
            return Ok(Root { folder });
        }
        let _ = fs::remove_file(&complete);
        Apt::new(cache)?.unpack(packages, &folder)?;
        write_whole(&complete, wanted.as_bytes())?;
        drop(lock);
        Ok(Root { folder })
    }

    /// The path of a file of the packages.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The content of a file of the packages.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, DebianError> {
        read(&self.path(name))
    }

    /// The one file of `folder` with a name that `is_it` accepts.
    pub fn only(&self, folder: &str, is_it: impl Fn(&str) -> bool) -> Result<PathBuf, DebianError> {
        let folder = self.path(folder);
        let entries = fs::read_dir(&folder).map_err(at(&folder))?.filter_map(Result::ok);
        let mut found = entries.filter(|entry| is_it(&entry.file_name().to_string_lossy()));
        match (found.next(), found.next()) {
            (Some(entry), None) => Ok(entry.path()),
            _ => Err(DebianError::Strange(folder, "not exactly one file of the kind that is wanted".into())),
        }
    }

    /// A program of the packages, with their libraries and not the host's.
    pub fn program(&self, name: &str) -> Command {
        self.program_with_libraries(name, &[])
    }

    /// A program of the packages, some of whose libraries are in `folders`.
    pub fn program_with_libraries(&self, name: &str, folders: &[&str]) -> Command {
        let mut command = self.loader(folders);
        command.arg(self.path(name));
        command
    }

    /// The files of the libraries that a program needs, and of those that they need.
    pub fn libraries(&self, program: &str) -> Result<BTreeSet<PathBuf>, DebianError> {
        let path = self.path(program);
        let listed = run(self.loader(&[]).arg("--list").arg(&path))?;
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        let targets = listed.lines().filter_map(|line| Some(line.split_once("=> ")?.1));
        targets
            .map(|target| match target.split_once(" (") {
                Some((file, _)) => Ok(file.into()),
                None => Err(DebianError::Strange(path.clone(), format!("a library is {target}"))),
            })
            .collect()
    }

    fn loader(&self, folders: &[&str]) -> Command {
        let mut command = Command::new(self.path(LOADER));
        let folders = LIBRARIES.iter().chain(folders).map(|path| self.path(path).display().to_string());
        command.arg("--library-path").arg(folders.collect::<Vec<_>>().join(":"));
        command
    }
}

/// apt with its lists and archives below a folder.
struct Apt {
    folder: PathBuf,
    options: Vec<String>,
}

impl Apt {
    fn new(cache: &Path) -> Result<Apt, DebianError> {
        let folder = cache.join("apt");
        for part in ["lists/partial", "archives/partial", "packages"] {
            let path = folder.join(part);
            fs::create_dir_all(&path).map_err(at(&path))?;
        }
        let (lists, all) = (format!("Dir::State::Lists={}/lists", folder.display()), folder.display());
        let options = [&lists, &format!("Dir::Cache={all}"), "APT::Sandbox::User=", "Acquire::Languages=none"];
        let options = options.iter().flat_map(|option| ["-o".into(), option.to_string()]).collect();
        Ok(Apt { folder, options })
    }

    fn unpack(&self, packages: &Packages, root: &Path) -> Result<(), DebianError> {
        eprintln!("fetching Debian packages into {}", self.folder.display());
        self.fetch("apt-get", &["-qq", "update", "--error-on=any"])?;
        let names = self.names(packages)?;
        let into = self.folder.join("packages");
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        self.fetch("apt-get", &[&["-qq", "download"], &names[..]].concat())?;
        let _ = fs::remove_dir_all(root);
        for entry in fs::read_dir(&into).map_err(at(&into))?.filter_map(Result::ok) {
            run(Command::new("dpkg-deb").arg("-x").arg(entry.path()).arg(root))?;
        }
        fs::remove_dir_all(&self.folder).map_err(at(&self.folder))
    }

    fn names(&self, packages: &Packages) -> Result<BTreeSet<String>, DebianError> {
        let mut names: BTreeSet<String> = packages.plain.iter().map(|name| name.to_string()).collect();
        for metapackage in packages.kernels {
            let said = self.fetch("apt-cache", &["depends", metapackage])?;
            let kernel = said.lines().find_map(|line| line.trim().strip_prefix("Depends: "));
            let kernel =
                kernel.ok_or_else(|| self.failed(format!("{metapackage} depends on no package of a kernel")))?;
            names.insert(kernel.to_string());
        }
        let only = ["recommends", "suggests", "conflicts", "breaks", "replaces", "enhances"]
            .map(|kind| format!("--no-{kind}"));
        let only: Vec<&str> = only.iter().map(String::as_str).collect();
        let graph = self.fetch("apt-cache", &[&["depends", "--recurse"], &only[..], packages.programs].concat())?;
        names.extend(with_libraries(packages.programs, &graph));
        Ok(names)
    }

    fn fetch(&self, program: &str, arguments: &[&str]) -> Result<String, DebianError> {
        let mut command = Command::new(program);
        command.args(&self.options).args(arguments).current_dir(self.folder.join("packages"));
        match run(&mut command) {
            Ok(output) => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            Err(DebianError::Program(_, said)) => Err(self.failed(said)),
            Err(error) => Err(error),
        }
    }

    fn failed(&self, said: String) -> DebianError {
        DebianError::Fetch(self.folder.clone(), said)
    }
}

/// The packages and, from what `apt-cache depends --recurse` prints, the packages of libraries behind them.
fn with_libraries(programs: &[&str], graph: &str) -> BTreeSet<String> {
    let mut edges: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut from = "";
    for line in graph.lines() {
        match line.trim_start_matches([' ', '|']).split_once("Depends: ") {
            Some(("" | "Pre", to)) => edges.entry(from).or_default().push(to),
            _ if !line.starts_with(' ') => from = line,
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    let mut open: Vec<&str> = programs.to_vec();
    while let Some(name) = open.pop() {
        if found.insert(name.to_string()) {
            let next = edges.get(name).into_iter().flatten();
            open.extend(next.filter(|name| name.starts_with("lib") || name.starts_with("zlib")));
        }
    }
    found
}

/// Runs a program that must succeed.
pub(crate) fn run(command: &mut Command) -> Result<Output, DebianError> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| DebianError::NoProgram(name, error))?;
    if output.status.success() {
        return Ok(output);
    }
    Err(DebianError::Program(format!("{command:?}"), String::from_utf8_lossy(&output.stderr).trim().into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_followed_and_nothing_else() {
        let graph = "tool\n  Depends: libone\n  PreDepends: zlib1g\n |Depends: python3\n  Depends: <virtual>\n    python3\n\
                     libone\n  Depends: libtwo\n  Depends: data\npython3\n  Depends: libpython\nlibtwo\n  Depends: libone\n";
        let found = with_libraries(&["tool"], graph);
        assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), ["libone", "libtwo", "tool", "zlib1g"]);
    }

    #[test]
    fn what_is_there_is_not_fetched_again() {
        let cache = tempfile::TempDir::new().unwrap();
        let packages = Packages { plain: &["x"], ..Packages::default() };
        fs::write(cache.path().join("complete"), format!("{packages:?}")).unwrap();
        let root = Root::prepare(cache.path(), &packages).unwrap();
        assert_eq!(root.path("bin"), cache.path().join("root/bin"));
    }
}
