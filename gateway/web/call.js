// Calls the gateway. What goes wrong becomes an ApiError; an aborted call stays an AbortError.

/** Why a call failed: `reason` is one of the contract's reasons, or GATEWAY_UNREACHABLE. */
export class ApiError extends Error {
  /**
   * @param {string} reason
   * @param {string} detail a sentence for a person
   * @param {{status?: number, requestId?: string, retryAfter?: number, problem?: Record<string, unknown>}} [more]
   */
  constructor(reason, detail, more = {}) {
    super(detail);
    this.reason = reason;
    this.detail = detail;
    this.status = more.status ?? 0;
    this.requestId = more.requestId ?? "";
    /** Seconds, or 0 if the gateway did not say. */
    this.retryAfter = more.retryAfter ?? 0;
    this.problem = more.problem ?? {};
  }
}

/**
 * @param {string} url
 * @param {RequestInit} options
 * @returns {Promise<any>}
 */
export async function call(url, options) {
  const headers = { Accept: "application/json", ...options.headers };
  try {
    const answer = await fetch(url, { ...options, headers });
    if (!answer.ok) throw await readProblem(answer);
    return await answer.json();
  } catch (error) {
    if (error instanceof ApiError || (error instanceof DOMException && error.name === "AbortError")) throw error;
    throw new ApiError("GATEWAY_UNREACHABLE", "The server can't be reached.");
  }
}

/**
 * Why a picture's address gives no picture, in a sentence.
 *
 * @param {string} url
 * @returns {Promise<string>}
 */
export async function whyNoPicture(url) {
  try {
    const answer = await fetch(url, { headers: { Accept: "image/*, application/problem+json" } });
    if (!answer.ok) return (await readProblem(answer)).detail;
    return "This picture can't be shown here. Its original can still be opened.";
  } catch {
    return "The server can't be reached.";
  }
}

/**
 * @param {Response} answer
 * @returns {Promise<ApiError>}
 */
async function readProblem(answer) {
  /** @type {Record<string, unknown>} */
  let problem = {};
  try {
    problem = await answer.json();
  } catch {
    // A proxy's error page: its status must do.
  }
  const reason = String(problem.reason || (answer.status === 413 ? "IMAGE_TOO_LARGE" : `HTTP_${answer.status}`));
  return new ApiError(reason, String(problem.detail || problem.title || `The server answered ${answer.status}.`), {
    status: answer.status,
    requestId: String(problem.request_id || answer.headers.get("X-Request-Id") || ""),
    retryAfter: Number(answer.headers.get("Retry-After")) || 0,
    problem,
  });
}
