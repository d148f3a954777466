"""Python that runs in a pod of the gateway's image; %d stands for the seconds."""

# Calls by HTTP and gRPC until told to end, and prints what came of them.
LOAD = """
import grpc, json, os, threading, time, urllib.request
from grpc_runtime.channels import open_channel
from imagesearch.embedder.v1 import embedder_pb2, embedder_pb2_grpc
import asyncio
SECONDS = %d
end = time.monotonic() + SECONDS
counts = {"http": 0, "grpc": 0}
failures = []
slowest = {"http": 0.0, "grpc": 0.0}

def note(kind, started):
    counts[kind] += 1
    slowest[kind] = max(slowest[kind], time.monotonic() - started)

def http():
    import http.client
    connection, number = None, 0
    while time.monotonic() < end:
        number += 1
        started = time.monotonic()
        try:
            if connection is None:
                connection = http.client.HTTPConnection("gateway", timeout=40)
            connection.request("GET", f"/api/v1/search?q=cat+{number}&page_size=3")
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                failures.append(f"http {answer.status} {body[:200]}")
            if answer.headers.get("Connection") == "close":
                connection = None
            note("http", started)
        except Exception as error:
            failures.append(f"http {type(error).__name__} {error}")
            connection = None
        time.sleep(0.05)

async def by_grpc():
    methods = {"imagesearch.embedder.v1.EmbedderService": ["EmbedText"]}
    async with open_channel("embedder:50051", idempotent=methods, waits=True) as channel:
        stub, number = embedder_pb2_grpc.EmbedderServiceStub(channel), 0
        while time.monotonic() < end:
            number += 1
            started = time.monotonic()
            try:
                await stub.EmbedText(embedder_pb2.EmbedTextRequest(text=f"dog {number}"), timeout=30)
                note("grpc", started)
            except grpc.RpcError as error:
                failures.append(f"grpc {error.code()} {error.details()}")
            await asyncio.sleep(0.05)

threads = [threading.Thread(target=http) for _ in range(2)]
[thread.start() for thread in threads]
asyncio.run(by_grpc())
[thread.join() for thread in threads]
print(json.dumps({"counts": counts, "slowest": slowest, "failures": failures}))
"""

FIND = """
import json, urllib.request
with urllib.request.urlopen("http://gateway/api/v1/search?q=a+cat&page_size=3", timeout=30) as answer:
    print(json.dumps([found["image"]["name"] for found in json.load(answer)["results"]]))
"""

BUSY = """
import asyncio, time
from grpc_runtime.channels import open_channel
from imagesearch.embedder.v1 import embedder_pb2, embedder_pb2_grpc
async def main():
    end = time.monotonic() + %d
    async with open_channel("embedder:50051", idempotent={}) as channel:
        stub = embedder_pb2_grpc.EmbedderServiceStub(channel)
        async def ask(name):
            number = 0
            while time.monotonic() < end:
                number += 1
                try:
                    await stub.EmbedText(embedder_pb2.EmbedTextRequest(text=f"{name} {number}"), timeout=30)
                except Exception:
                    await asyncio.sleep(0.5)
        await asyncio.gather(*(ask(f"w{i}") for i in range(16)))
asyncio.run(main())
"""
