"""Where an export lies: a folder, or one ZIP file; both hold the same files under the same names."""

import shutil
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import IO, Protocol

from engine.errors import refuse

_CHUNK = 1 << 20
#: Every file of a ZIP is of this moment, so that the same rows make the same file.
_WHEN = (1980, 1, 1, 0, 0, 0)


class Target(Protocol):
    """Takes the files of an export, one after the other."""

    def file(self, name: str) -> AbstractContextManager[IO[bytes]]: ...


class Source(Protocol):
    """Gives the files of an export."""

    def names(self) -> frozenset[str]: ...

    def open(self, name: str) -> IO[bytes]:
        """The file of that name; ``FileNotFoundError`` where there is none."""


def is_zip(path: Path) -> bool:
    """Whether the path names one file rather than a folder."""
    return path.suffix.lower() == ".zip"


@contextmanager
def writing(path: Path) -> "Iterator[_Folder | _Zip]":
    """Files go where nobody looks, and appear under the path when all are whole. Nothing is overwritten."""
    if path.exists():
        raise refuse("export.exists", file=str(path))
    partial = path.with_name(f".{path.name}.partial")
    _remove(partial)
    try:
        if is_zip(path):
            with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
                yield _Zip(archive)
        else:
            partial.mkdir()
            yield _Folder(partial)
        partial.rename(path)
    finally:
        _remove(partial)


@contextmanager
def reading(path: Path) -> "Iterator[_Folder | _Zip]":
    """Refused (``file.missing``, ``import.not_zip``) where there is no export to be read."""
    if path.is_dir():
        yield _Folder(path)
        return
    if not path.exists():
        raise refuse("file.missing", file=str(path))
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise refuse("import.not_zip", file=str(path), detail=str(error)) from None
    with archive:
        yield _Zip(archive)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    with suppress(FileNotFoundError):
        path.unlink()


class _Folder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def file(self, name: str) -> Iterator[IO[bytes]]:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            yield file

    def names(self) -> frozenset[str]:
        return frozenset(
            path.relative_to(self._folder).as_posix() for path in self._folder.rglob("*") if path.is_file()
        )

    def open(self, name: str) -> IO[bytes]:
        return (self._folder / name).open("rb")


class _Zip:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    @contextmanager
    def file(self, name: str) -> Iterator[IO[bytes]]:
        entry = zipfile.ZipInfo(name, _WHEN)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o644 << 16
        with self._archive.open(entry, "w", force_zip64=True) as file:
            yield file

    def names(self) -> frozenset[str]:
        return frozenset(one for one in self._archive.namelist() if not one.endswith("/"))

    def open(self, name: str) -> IO[bytes]:
        try:
            return self._archive.open(name)
        except KeyError:
            raise FileNotFoundError(name) from None
