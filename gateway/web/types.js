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
 * @property {number | null} altitude_meters above sea level
 * @property {(Camera & {lens: string}) | null} camera
 * @property {string | null} title
 * @property {string | null} caption
 * @property {string[]} keywords
 * @property {number | null} rating 1 to 5 stars, 0 for none, -1 for rejected
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
 * One photo of a list.
 *
 * @typedef {object} Hit
 * @property {Photo} photo
 * @property {number | null} score the cosine with the search, null where nothing was searched
 * @property {{count: number, ids: string[]}} similar the photos that it stands for, the first ones by their ids
 * @property {boolean} [unfolded] those are shown behind it
 * @property {string} [behind] the id of the photo that stands for it
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
 * @property {string} make of the camera; the pair of make and model is one camera, and an empty one says that the photo tells none
 * @property {string} model of the camera
 * @property {string} type such as image/jpeg
 * @property {string} bbox west,south,east,north in degrees, or empty
 * @property {string} near latitude,longitude, or empty
 * @property {string} radius around it, in metres
 */

/** @typedef {"" | "newest" | "sample"} Order empty: a search's best first, a list's newest first */

/** @typedef {"" | "shown"} Similar empty: of photos that look alike a search shows the best one */

/**
 * Which photos, in which order.
 *
 * @typedef {{filters: Filters, order: Order, similar: Similar}} Choice
 */

/**
 * A part of the Earth, in degrees. If `west` is greater than `east`, it crosses the 180th meridian.
 *
 * @typedef {{south: number, west: number, north: number, east: number}} Box
 */

/** @typedef {{latitude: number, longitude: number, radius_meters: number}} Nearby */

/** @typedef {{make: string, model: string}} Camera */

/**
 * What the index holds to choose from, each part counted without its own part of the filters.
 *
 * @typedef {object} Facets
 * @property {number} image_count
 * @property {{source: string, path: string, image_count: number}[]} folders
 * @property {{month: string, image_count: number}[]} months YYYY-MM
 * @property {(Camera & {image_count: number})[]} cameras
 * @property {{media_type: string, image_count: number}[]} media_types
 * @property {Tile[]} tiles
 * @property {number} without_time_count
 * @property {number} without_place_count
 */

/** @typedef {{zoom: number, x: number, y: number, bounding_box: Box, image_count: number}} Tile */

/**
 * @typedef {object} IndexStatus
 * @property {"missing" | "ready" | "degraded" | "unavailable" | "unreachable"} state
 * @property {string} state_detail
 * @property {string} model
 * @property {number} image_count
 * @property {number} failure_count
 * @property {{source: string, image_count: number, failure_count: number}[]} sources
 * @property {{id: string, model: string, image_count: number} | null} rebuild
 */

/**
 * A file, or a folder, that could not be indexed.
 *
 * @typedef {object} FailedFile
 * @property {string} source
 * @property {string} relative_path a folder's ends with a slash
 * @property {string} name
 * @property {number} size_bytes
 * @property {string | null} modified_at
 * @property {string} reason
 * @property {string} message
 * @property {string | null} failed_at
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
