"""Files read and written so that neither a foreign folder nor a full disk does harm.

A folder from elsewhere may hold links to other places, names that are waited for, or devices. So whole files are
written beside their place under a name that nobody can have prepared, and then renamed, which replaces a link
instead of following it; appending and reading in a run folder refuse links and what is no plain file; reading has a
limit.
"""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from .errors import PyriteError

MAX_READ = 200_000_000
"""Bytes of a settings, baseline or run file that are read at most."""

_LONE = re.compile("[\ud800-\udfff]")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def cannot_write(path: str | os.PathLike[str], error: OSError) -> PyriteError:
    """The one line for a file that could not be written; exit code 3 when the same command can go on later."""
    if error.errno in _FULL:
        text = f"{path} cannot be written: {error.strerror}; make room and run the same command again"
        return PyriteError(text, exit_code=3)
    return PyriteError(f"{path} cannot be written: {error.strerror or error}")


def write_whole(path: str | os.PathLike[str], parts: str | Iterable[str]) -> None:
    """Replace the file by this text, all or nothing; a link in its place is replaced, not followed.

    Lone surrogates, which UTF-8 does not have, become U+FFFD. Raises PyriteError when it cannot be written.
    """

    def write(draft: Path, descriptor: int) -> None:
        with open(descriptor, "w", encoding="utf-8", errors="surrogatepass", newline="\n", closefd=False) as file:
            for part in [parts] if isinstance(parts, str) else parts:
                file.write(storable(part))

    _replace(Path(path), write)


def export_whole(path: str | os.PathLike[str], parts: str | Iterable[str], *, folders: bool = False) -> None:
    """Write a file that the user named as :func:`write_whole` does, and keep its permissions.

    A device or a pipe that stands there is written as it is, and a link is followed: the user made it. ``folders``
    makes those that are missing. Raises PyriteError when it cannot be written.
    """
    target = Path(path)
    try:
        if target.exists() and not target.is_file():
            with open(target, "w", encoding="utf-8", errors="replace", newline="\n") as file:
                file.writelines([parts] if isinstance(parts, str) else parts)
            return
        if folders:
            target.parent.mkdir(parents=True, exist_ok=True)
        mode = stat.S_IMODE(target.stat().st_mode) & 0o777 if target.exists() else None
    except OSError as error:
        raise cannot_write(target, error) from error
    write_whole(target.resolve(), parts)
    if mode is not None:
        with suppress(OSError):
            os.chmod(target, mode)


def write_whole_with(path: str | os.PathLike[str], write: Callable[[Path], object]) -> None:
    """:func:`write_whole` for a file that a library writes: ``write`` gets the draft's name. Raises PyriteError."""
    _replace(Path(path), lambda draft, descriptor: write(draft))


def append_text(path: str | os.PathLike[str], text: str) -> None:
    """Add a text at the end of a file that the user named. Raises PyriteError when it cannot be written."""
    try:
        with open(path, "a", encoding="utf-8", errors="replace") as file:
            file.write(text)
    except OSError as error:
        raise cannot_write(path, error) from error


def _replace(target: Path, write: Callable[[Path, int], object]) -> None:
    """Write a draft under a name that nobody can have prepared, then put it in the target's place."""
    draft = target.with_name(f".{target.name[:60]}.{secrets.token_hex(8)}.part")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o666)
        try:
            write(draft, descriptor)
        finally:
            os.close(descriptor)
        os.replace(draft, target)
    except OSError as error:
        raise cannot_write(target, error) from error
    finally:
        with suppress(OSError):
            os.unlink(draft)


def storable(text: str) -> str:
    """The text without lone surrogates, which UTF-8 cannot write."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return _LONE.sub("\ufffd", text)
    return text


def make_folder(path: str | os.PathLike[str]) -> Path:
    """The folder, made when missing. Raises PyriteError when a file or a link stands in its place."""
    folder = Path(path)
    if folder.is_symlink():
        raise PyriteError(f"{folder} is a link; nothing is written through links: remove it, or name where it leads")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise PyriteError(f"{folder} is a file; a folder of that name is needed") from error
    except OSError as error:
        raise cannot_write(folder, error) from error
    return folder


def plain_file(path: str | os.PathLike[str]) -> bool:
    """There is such a file and it is a plain one. Raises PyriteError for links, pipes and devices."""
    try:
        mode = os.lstat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise PyriteError(f"{path} cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(mode):
        kind = "a link" if stat.S_ISLNK(mode) else "a folder" if stat.S_ISDIR(mode) else "no plain file"
        raise PyriteError(f"{path} is {kind}; a run folder holds plain files only")
    return True


def own_file(path: str | os.PathLike[str], descriptor: int) -> None:
    """Raises PyriteError unless what was opened for writing is a plain file under one name only.

    A folder from elsewhere may hold another name (a hard link) of a file outside of it, and what is appended to one
    is appended to both.
    """
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        raise PyriteError(f"{path} is no plain file; a run folder holds plain files only")
    if found.st_nlink > 1:
        raise PyriteError(
            f"{path} is a hard link: the same file has another name elsewhere, and nothing is written through links; "
            "copy it (cp FILE COPY; mv COPY FILE) and run the same command again"
        )


def open_input(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a file that somebody named, for reading bytes. Raises PyriteError for what would never end.

    A named pipe may be waited for without end, and a device such as ``/dev/zero`` may be read without end. What the
    shell hands over (``/dev/stdin``, ``<(command)``) is its own pipe, and is read. Raises OSError as ``open`` does.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    try:
        mode = os.fstat(descriptor).st_mode
        ours = os.fspath(path).startswith(_HANDED_OVER) or os.fspath(path) == os.devnull
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode) and not ours:
            kind = "a named pipe" if stat.S_ISFIFO(mode) else "a device"
            raise PyriteError(f"{path} is {kind}, not a file; to read from another program, give - or <(command)")
        if hasattr(os, "set_blocking"):
            os.set_blocking(descriptor, True)
        return open(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


_HANDED_OVER = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")


def read_bytes(path: str | os.PathLike[str], limit: int = MAX_READ) -> bytes:
    """The bytes of a file. Raises PyriteError when it is no file or longer than ``limit``, OSError as ``open`` does."""
    with open_input(path) as file:
        parts: list[bytes] = []
        size = 0
        while size <= limit and (part := file.read(1 << 24)):
            parts.append(part)
            size += len(part)
    if size > limit:
        raise PyriteError(f"{path} is longer than {limit:,} bytes")
    return b"".join(parts)


def read_whole(path: str | os.PathLike[str], limit: int = MAX_READ) -> str:
    """The text of a file. Raises PyriteError when it is missing, too long or not UTF-8."""
    try:
        raw = read_bytes(path, limit)
    except FileNotFoundError as error:
        raise PyriteError(f"{path}: there is no such file") from error
    except OSError as error:
        raise PyriteError(f"{path} cannot be read: {error.strerror}") from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PyriteError(f"{path} is not UTF-8 (byte {error.start + 1}); save it as UTF-8") from error


def read_object(path: str | os.PathLike[str], what: str, *, links: bool = False) -> dict[str, Any]:
    """The JSON object in a file of a folder that may come from elsewhere.

    Raises PyriteError naming the file and ``what`` it is when it is missing, too long, or no JSON object, and when it
    is a link: only the hub's cache (``links``) is made of those.
    """
    if not links:
        plain_file(path)
    try:
        document = json.loads(read_whole(path))
    except (ValueError, RecursionError) as error:
        raise PyriteError(f"{path} is not a readable {what} (JSON): {str(error)[:200]}") from error
    if not isinstance(document, dict):
        raise PyriteError(f"{path}: a {what} is a JSON object")
    return document


@contextmanager
def shaped(path: str | os.PathLike[str], what: str) -> Iterator[None]:
    """What was read from the file is as Pyrite writes it; PyriteError says that it is not, where it is taken apart."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        said = f"{type(error).__name__}: {str(error)[:200]}"
        raise PyriteError(f"{path} is damaged: it is not a {what} as Pyrite writes it ({said})") from error
