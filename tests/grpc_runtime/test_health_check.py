import asyncio
import sys

from tests.grpc_runtime.conftest import SERVICE, Running


async def check(*arguments: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "grpc_runtime.health_check", *arguments, stderr=asyncio.subprocess.PIPE
    )
    _, stderr = await process.communicate()
    return process.returncode, stderr.decode().strip()


async def test_it_tells_whether_a_server_serves(running: Running) -> None:
    target = f"127.0.0.1:{running.server.port}"

    assert await check(target) == (1, f"{target} is NOT_SERVING")
    assert await check(target, "liveness") == (0, "")

    await running.server.set_serving(True)

    assert await check(target, SERVICE) == (0, "")


async def test_it_tells_that_a_server_does_not_answer() -> None:
    assert await check("127.0.0.1:1") == (1, "127.0.0.1:1 does not answer: UNAVAILABLE")
