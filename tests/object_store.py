"""A server that speaks like S3, on loopback."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from unittest import mock

import boto3
import obstore
from moto.server import ThreadedMotoServer
from obstore.store import S3Store


@dataclass(frozen=True)
class Buckets:
    """The server's address, and what is put into its buckets."""

    environment: Mapping[str, str]
    """What tells clients of the server."""
    server: ThreadedMotoServer

    def make(self, name: str, objects: Mapping[str, bytes]) -> str:
        """A new bucket with these objects, by key; its URL."""
        client = boto3.client("s3", endpoint_url=self.environment["AWS_ENDPOINT_URL"])
        client.create_bucket(Bucket=name)
        for key, data in objects.items():  # keys that obstore refuses are written too
            client.put_object(Bucket=name, Key=key, Body=data)
        return f"s3://{name}"

    def put(self, name: str, key: str, data: bytes) -> None:
        """Writes an object into a bucket that there is."""
        obstore.put(_plain(name), key, data)

    def get(self, name: str, key: str) -> bytes:
        """An object's content."""
        return bytes(obstore.get(_plain(name), key).bytes())

    def delete(self, name: str, key: str) -> None:
        """Removes an object."""
        obstore.delete(_plain(name), key)

    def remove(self, name: str) -> None:
        """Removes a bucket with all that is in it."""
        for found in obstore.list(_plain(name)):
            obstore.delete(_plain(name), [meta["path"] for meta in found])
        boto3.client("s3", endpoint_url=self.environment["AWS_ENDPOINT_URL"]).delete_bucket(Bucket=name)

    def stop(self) -> None:
        """Ends the server, as when the network is cut."""
        self.server.stop()


def _plain(bucket: str) -> S3Store:
    return S3Store(bucket, client_options={"allow_http": True})


@contextmanager
def object_store() -> Iterator[Buckets]:
    """Runs while the block does; the environment tells clients of it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    environment = {
        "AWS_ACCESS_KEY_ID": "tests",
        "AWS_SECRET_ACCESS_KEY": "tests",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
    }
    with mock.patch.dict(os.environ, environment):
        try:
            yield Buckets(environment, server)
        finally:
            server.stop()
