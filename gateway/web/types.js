// What the gateway's JSON holds, as types for the other modules. Nothing here runs.

/**
 * @typedef {object} Photo
 * @property {string} id
 * @property {string} source
 * @property {string} relative_path percent-encoded where its bytes can't be shown
 * @property {string} name
 * @property {string} media_type
 * @property {number} size_bytes
 * @property {string | null} modified_at
 * @property {string | null} taken_at civil time, with an offset only where the file tells it
 * @property {"exif" | "file" | null} taken_at_source
 * @property {{latitude: number, longitude: number} | null} location
 * @property {{make: string, model: string} | null} camera
 * @property {number} width
 * @property {number} height
 * @property {string | null} indexed_at
 * @property {string} content_sha256
 * @property {string} thumbnail_url
 * @property {string} preview_url
 * @property {string} original_url
 */

/**
 * @typedef {object} Embedding
 * @property {string} model
 * @property {number[]} values
 */

/**
 * One photo of a list; `score` is the cosine with the search, null where nothing was searched.
 *
 * @typedef {{photo: Photo, score: number | null}} Hit
 */

/**
 * @typedef {object} Page
 * @property {Hit[]} hits
 * @property {string} next empty on the last page
 * @property {boolean} truncated the text was longer than the model reads
 * @property {Embedding | null} embedding of an uploaded picture
 */

/**
 * @typedef {object} Filters
 * @property {string} from YYYY-MM-DD or empty
 * @property {string} to the last day that is in, YYYY-MM-DD or empty
 * @property {string} source
 * @property {string} folder
 */

/**
 * @typedef {object} IndexStatus
 * @property {"missing" | "ready" | "degraded" | "unavailable" | "unreachable"} state
 * @property {string} state_detail
 * @property {string} model
 * @property {number} image_count
 * @property {{source: string, image_count: number}[]} sources
 * @property {{id: string, model: string, image_count: number} | null} rebuild
 */

/**
 * @typedef {object} EmbedderStatus
 * @property {"loading" | "ready" | "degraded" | "failed" | "unreachable"} state
 * @property {string} detail
 * @property {string} model
 * @property {string} name
 * @property {number} progress 0 to 1
 * @property {string} notice
 * @property {string[]} languages BCP 47 tags
 */

/**
 * @typedef {object} Status
 * @property {EmbedderStatus} embedder
 * @property {IndexStatus} index
 * @property {number} upload_limit_bytes
 * @property {boolean} model_matches_index
 */

export {};
