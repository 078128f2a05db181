"""Items made on a thread before they are asked for."""

import queue
import threading
from collections.abc import Generator, Iterator


class Ahead[T](Iterator[T]):
    """The items of a generator, of which up to `depth` are ready; an exception comes where its item would have."""

    def __init__(self, items: Generator[T], depth: int) -> None:
        """The thread starts with the first item that is asked for."""
        self._items, self._ready = items, queue.Queue[tuple[T] | BaseException](depth)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="batches", daemon=True)

    def __next__(self) -> T:
        """The next one; raises what making it raised, StopIteration once there are no more."""
        if self._closed.is_set():
            raise StopIteration
        if self._thread.ident is None:
            self._thread.start()
        found = self._waited()
        if isinstance(found, BaseException):
            self.close()
            raise found
        return found[0]

    def _waited(self) -> tuple[T] | BaseException:
        """What is ready next.

        When a worker of its DataLoader dies, PyTorch raises in whatever the main thread does just then, which is to
        wait, mostly. The thread that takes clips from the worker notices as well, and can say more.
        """
        try:
            return self._ready.get()
        except RuntimeError as error:
            if "DataLoader worker" not in str(error):
                raise
            return self._ready.get()

    def close(self) -> None:
        """Ends the generator, on its thread, and waits for that; what is ready is dropped."""
        self._closed.set()
        if self._thread.ident is None:
            self._items.close()
            return
        while self._thread.is_alive():
            self._drop()
            self._thread.join(0.05)

    def _run(self) -> None:
        try:
            for item in self._items:
                self._ready.put((item,))
                if self._closed.is_set():
                    return
            self._ready.put(StopIteration())
        except BaseException as error:  # whatever it is, the consumer is to have it
            self._ready.put(error)
        finally:
            self._items.close()

    def _drop(self) -> None:
        try:
            while True:
                self._ready.get_nowait()
        except queue.Empty:
            pass
