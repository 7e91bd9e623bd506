// The addresses of the chat page: the start page, and `chat/<id>`.
import type { ParamMatcher } from '@sveltejs/kit';
import { isChatPath } from '$lib/state/address';

export const match: ParamMatcher = isChatPath;
