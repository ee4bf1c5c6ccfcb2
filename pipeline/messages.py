"""What is said of a clip: messages that are made where the matter is found, and stay codes.

The English sentences stand here, `ERRORS` and `NOTES` by code; the app has tables of its own for
the same codes (`ui/words`). On disk both are kept, the sentence for people and the code beside it
(`pipeline.storage.messages`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

Value = int | float | str
"""What fills a blank of a sentence."""

_AGAIN = "copy or download it again"
_NO_PERSON = (
    "{name}: no person detected in {frames} frames%s; give a span in which the skater is in view "
    "(--start, --end)%s or a clip in which the skater is larger and sharper"
)

_POINTS = (
    "the score is the sum of {centrality} for being near the middle of the picture, {posture} for "
    "opening and closing arms and legs, {motion} for moving against the background, {size} for "
    "size and {certainty} for the detector's confidence, in the frames in which they are in view"
)
_POINTS_BEFORE = (
    "most points for size {size}, motion {motion}, posture {posture}, centrality {centrality}, "
    "certainty {certainty}, times presence: person {person} with {points}"
)

ERRORS: Mapping[str, str] = {
    # The file itself.
    "file_missing": "{name}: there is no such file in {folder}",
    "file_forbidden": "{name}: permission to read it is denied; change the file's permissions",
    "file_unreadable": "{name}: cannot be read ({detail}); check its disk",
    "file_name": "{name}: is not a valid file name",
    "file_address": "{name}: is an address, not a file; save the video to a file first",
    "file_folder": "{name}: is a folder; choose one video file in it",
    "file_pipe": "{name}: is a device or pipe, not a file; save the video to a file first",
    "file_empty": "{name}: is empty (0 bytes); " + _AGAIN,
    "file_changed": "{name}: changed while it was being read; wait until it is complete",
    # What is in it.
    "video_index_damaged": "{name}: is damaged: its index (moov) cannot be read; " + _AGAIN,
    "video_cut_off": "{name}: is cut off: the index at its end (moov) is missing; " + _AGAIN,
    "video_cut_early": "{name}: is cut off near its start; " + _AGAIN,
    "video_playlist": "{name}: is a playlist ({kind}), which only lists other files; "
    "choose the video itself",
    "video_live": "{name}: is the address of a stream ({kind}); save the video to a file first",
    "video_picture": "{name}: is a still image ({kind}); choose a video",
    "video_archive": "{name}: is an archive ({kind}); unpack it and choose the video in it",
    "video_document": "{name}: is a document ({kind}); choose a video",
    "video_text": "{name}: is a text file, not a video; choose a video",
    "video_other": "{name}: is a {kind} video, which is not supported; convert it to mp4",
    "video_unknown": "{name}: is not a video that can be read (supported: {known})",
    "video_sound_only": "{name}: contains sound but no video; choose a file with pictures",
    "video_no_streams": "{name}: contains neither video nor sound; choose a file with pictures",
    "stream_unreadable": "{text}: is not a video number; give a whole number (--stream)",
    "stream_unknown": "{name}: has no video number {stream}; choose one of {known} (--stream)",
    "video_codec": "{name}: its video codec is unknown; convert it to H.264",
    "video_codec_other": "{name}: its video codec {codec} is not supported; convert it to H.264",
    "video_too_large": "{name}: its picture of {size} is too large (at most {most} million pixels)",
    "video_many_frames": "{name}: claims to hold more frames and pieces of sound than are read (at "
    "most {most} million); cut it into shorter files",
    "video_no_frames": "{name}: has a video track without a single frame",
    "video_no_rate": "{name}: states neither its frame rate nor its duration; convert it to mp4",
    "video_all_damaged": "{name}: is damaged: not one frame could be read; " + _AGAIN,
    "video_frame_lost": "{name} is damaged: frame {frame} could not be read",
    "reader_unknown": "there is no reader {reader}; choose one of {known} (--reader)",
    "reader_absent": "the reader {reader} needs the package {package}, which is not installed: "
    "pip install {package}, or choose another reader (--reader pyav)",
    "reader_refuses": "{name}: the reader {reader} cannot read it frame by frame; "
    "choose another one (--reader pyav)",
    "reader_other_frames": "{name}: the reader {reader} gives other frames than the file holds; "
    "choose another one (--reader pyav)",
    "video_pictures": "{name}: its pictures cannot be stored: {detail}",
    # The span.
    "span_long": "{name}: {span} s is too long for one element (at most {most} s); every clip gets "
    "one verdict, so set an in and an out point around the element (--start, --end)",
    "span_frames": "{name}: {frames} frames are too many for one element (at most {most}); set an "
    "in and an out point closer around the element (--start, --end)",
    "programme_long": "{name}: {span} min is too long for one programme (at most {most} min); set "
    "in and out points around the programme (--start, --end), or cut the video",
    "no_moment": "{typed}: is not a time; give seconds (75.2), m:ss (1:15.2) or h:mm:ss",
    "in_no_number": "{name}: the in point (--start) is {point}, not a number of seconds",
    "out_no_number": "{name}: the out point (--end) is {point}, not a number of seconds",
    "in_negative": "{name}: the in point (--start) is {point}; "
    "seconds count from the first frame, 0",
    "out_negative": "{name}: the out point (--end) is {point}; "
    "seconds count from the first frame, 0",
    "span_order": "{name}: the out point (--end {end}) is not after the in point (--start {start})"
    "; swap or change them",
    "span_beyond": "{name}: the in point (--start {start}) is after its end; it lasts {lasts} s"
    "; choose an earlier one",
    "span_empty": "{name}: no frame begins between {start} s and {end} s; widen the span",
    # Who is in it.
    "nobody": _NO_PERSON % ("", ""),
    "nobody_stays": _NO_PERSON % (" ({reason})", ", name the skater (--skater)"),
    "skater_unknown": "--skater {skater}: no such person in this clip; choose one of {known}",
    "skater_unreadable": "{text}: is not a skater; give a person's number, or a box as "
    "FRAME:x1,y1,x2,y2",
    "box_size": "the skater's box {box} is too small: x2 and y2 must be at least {least} pixels "
    "beyond x1 and y1",
    "box_frame": "the skater's box is in frame {frame}, outside the analysed span",
    "box_outside": "the skater's box {box} lies outside the picture of {size} pixels",
    # Analyses that are opened, and their clips.
    "analysis_none": "{folder}: contains no analysis (no analysis.json)",
    "analysis_unreadable": "{folder}/analysis.json: cannot be read ({detail})",
    "analysis_version": "{folder}/analysis.json: schema version {version}, but this Rinkside "
    "reads {known}; analyse the clip again or use the version that wrote it",
    "analysis_no_arrays": "{folder}: arrays.npz is missing; analyse the clip again",
    "analysis_damaged": "{folder}: the saved analysis is damaged ({detail}); "
    "analyse the clip again",
    "analysis_field": "{folder}/analysis.json: {field}: expected {expected}; "
    "analyse the clip again",
    # Programmes that are opened.
    "programme_none": "{folder}: contains no programme (no programme.json)",
    "programme_unreadable": "{folder}/programme.json: cannot be read ({detail})",
    "programme_version": "{folder}/programme.json: schema version {version}, but this Rinkside "
    "reads {known}; find the elements again or use the version that wrote it",
    "programme_no_scores": "{folder}: frame_scores.npz is missing; find the elements again",
    "programme_damaged": "{folder}: the saved programme is damaged ({detail}); "
    "find the elements again",
    "programme_field": "{folder}/programme.json: {field}: expected {expected}; "
    "find the elements again",
    "open_nothing": "choose a report, a .zip, or analysis.json together with arrays.npz",
    "open_no_report": "{name}: is not a Rinkside report, or is cut off; save it again",
    "open_damaged": "{name}: its analysis is damaged ({detail})",
    "open_too_large": "{name}: is larger when unpacked than an analysis and its clip can be",
    "open_many": "{name}: contains more files than a saved analysis or programme (at most {most})",
    "open_compression": "{name}: is compressed in a way that is not read; save it as a usual zip",
    "open_no_zip": "{name}: cannot be unpacked ({detail}); save it again",
    "open_other_clip": "{name}: is not the clip of this analysis ({clip}); "
    "choose that one, or none",
    "programme_nothing": "choose a programme's .zip, its sheet (.html), or its programme.json",
    "programme_one_video": "choose one video at a time, or a saved programme with its video",
    "clip_not_packed": "{name}: the clip is not here, so it cannot be included",
    "clip_not_here": "{name}: the clip is not here; open the analysis together with its clip",
    "clip_reshaped": "{name}: is now read as {size} pixels, but this analysis was made at "
    "{before}; analyse it again",
    "clip_other": "{name}: is not the video that was analysed; analyse it again",
    "field_no_number": "{field}: {text} is not a whole number",
    "profile_unknown": "there is no profile {profile}; choose one of {known}",
    # What a person corrects in a found programme.
    "corrections_many": "there are more than {most} corrections; start from the machine's "
    "list again",
    "correction_no_element": "there is no element {row} in the list any more",
    "correction_code": "{text}: is not an element code, such as 3Lz+3T, FCSp4 or StSq3",
    "correction_order": "the element would start at {start} and end at {end}; the end comes "
    "after the start",
    "correction_outside": "{start} to {end} lies outside what was read of the video, {first} "
    "to {last}",
    "correction_overlap": "{start} to {end} overlaps element {number} ({element}, {from_} to "
    "{to}); move or delete that one first",
    "correction_no_jump": "element {number} ({element}) has no jump {jump}",
    "correction_landing": "the landing at {landing} is not after the take-off at {takeoff}",
    "correction_flight_outside": "the flight from {takeoff} to {landing} lies outside its "
    "element, {start} to {end}; move the element's start or end so that it holds the flight",
    "correction_flights_meet": "jump {jump} would be in the air at the same time as jump "
    "{other} of this element",
    "correction_split_one": "element {number} ({element}) is not a combination of jumps; choose "
    "the time at which to split it",
    "correction_split_unknown": "element {number} ({element}): take-off and landing of its "
    "jumps are not all known; choose the time at which to split it",
    "correction_split_outside": "{at} is not inside element {number} ({element}, {start} to {end})",
    "correction_split_air": "at {at} jump {jump} is in the air; split before its take-off or "
    "after its landing",
    "correction_split_between": "{at} does not lie between two jumps of {element}",
    "correction_merge_few": "choose two elements or more to merge",
    "correction_merge_apart": "element {number} ({element}) lies between them; merge elements "
    "that follow one another",
    "correction_merge_kinds": "{codes} cannot be one element: jumps are merged with jumps, "
    "spins with spins, sequences with sequences",
    "correction_note": "a note takes at most {most} letters of plain text",
    "correction_name": "a name takes at most {most} letters of plain text",
    "plan_long": "a plan takes at most {most} letters",
    "correction_reading": "the video is still being read; correct the list as soon as it is done",
    "element_not_kept": "element {number} ({element}) has no analysis of its own to open",
    "corrections_unreadable": "{name}: its corrections cannot be read ({detail})",
    "corrections_version": "{name}: schema version {version}, but this Rinkside reads "
    "{known}; use the version that wrote it",
    "corrections_field": "{name}: {field}: expected {expected}",
    "corrections_other": "{name}: its corrections were made for another list of elements",
    # Places to write to.
    "place_file": "{folder}: {place} is a file; choose another folder",
    "place_forbidden": "{folder}: {place} is not writable; choose another folder",
    "place_long": "{folder}: is too long a name for the file system; choose a shorter one",
    "disk_full": "{folder}: the disk is full; free some space or choose another folder",
    "film_refused": "{name}: cannot be written ({detail})",
    "place_unwritable": "{folder}: cannot be written ({detail}); choose another folder",
}
"""Errors that whoever uses the app may meet."""

NOTES: Mapping[str, str] = {
    "weights_untrained": "untrained: the weights of {stages} are random, so every result that "
    "depends on them is noise; use them only to measure speed or to try the program",
    "weights_demo": "demo: the weights of {stages} were trained on simulated skating; not fit for "
    "judging",
    "weights_people": "research use only: the weights of {stages} were also trained on "
    "photographs of people ({sets})",
    "several": "{name} contains several videos ({streams}); number {stream} is used; "
    "choose with --stream N",
    "damaged": "{name} is damaged: {read} of {promised} frames could be read",
    "assumed_rate": "{name} does not state its frame rate; times assume {rate} frames per second",
    "odd_turn": "{name} is rotated by an angle other than 90, 180 or 270 degrees; the rotation "
    "is ignored",
    "interlaced": "{name} is interlaced; its frames are deinterlaced",
    "aspect": "{name} has non-square pixels ({aspect} to 1); it is shown and analysed at its "
    "true shape, {size} instead of {stored}",
    "odd_aspect": "{name} states a pixel aspect ratio of {aspect} to 1, which is ignored",
    "dolby": "{name} is Dolby Vision, profile {profile}, shown without colour conversion, so it "
    "looks green and purple",
    "hdr": "{name} is HDR ({curve}), shown without tone mapping, so its colours look pale",
    "ends_before": "{name} ends at {lasts} s, before the out point (--end {end})",
    "uncertain": "it is uncertain who the skater is: person {person} scores highest "
    "({points}) and was chosen; close behind: person {others}; choose with --skater N",
    "uncertain_tie": "it is uncertain who the skater is: several persons score highest "
    "({points}); person {person} was chosen, who has the lowest number; close behind: person "
    "{others}; choose with --skater N",
    "uncertain_led": "it is uncertain who the skater is: person {person} scores highest "
    "({points}) in high-confidence boxes and was chosen; with low-confidence boxes included, "
    "person {others} scores higher than the {led} of person {person}; choose with --skater N",
    "presence": "person {person}, chosen as the skater, is in view in only {presence} of the "
    "frames; the others have no box and no skeleton",
    "skater_ignored": "--skater {skater} was ignored: the detector is untrained",
    "frames_lost": "{name} is damaged: it could not be read beyond {read} s; elements after that "
    "were not looked for",
    "pair": "two people skate together most of the time; person {person} is followed, and elements "
    "of the other are not looked for; choose with --skater N",
    "skater_away": "the skater is out of the picture from {start} to {end} s",
    "cuts_often": "the picture is cut every {every} s on average; elements that a cut divides may "
    "be missed",
    "too_short": "{name} lasts {lasts} s, which is shorter than any element",
    "slow_rate": "{name} has {fps} frames per second; take-offs and landings are less exact than "
    "at 25",
    "followed": "person {person} was chosen as the skater by their place, size and movement, and "
    "is found again after every cut by their clothes",
    "vetoed": "{count} stretches that move like an element were left out: the classifiers see none "
    "in them",
    "not_cached": "the result was not cached: {reason}",
    "nobody_in_view": "no person in view",
    "nobody_looked_for": "person detection was skipped: the detector is untrained",
    "seldom_in_view": "nobody stays in view; person {person} scores highest and is seen in "
    "{presence} of the frames",
    "chosen": "person {person} was chosen by the user",
    "drawn": "person {person} was marked by hand, with a box in frame {frame}",
    "only_one": "person {person} is the only one in view (score {points}); " + _POINTS,
    "most_points": "person {person} scores highest ({points}), then person {other} "
    "({other_points}); " + _POINTS,
    "tie": "persons {person} and {other} both score highest ({points}), and {person} is the "
    "lower number; " + _POINTS,
    # As analyses of before say it; not written any more.
    "uncertain_before": "it is uncertain who the skater is: person {person} was taken with "
    "{points} points, close to person {others}; choose with --skater N",
    "only_one_before": _POINTS_BEFORE,
    "most_points_before": _POINTS_BEFORE + ", next person {other} with {other_points}",
}
"""Warnings of an analysis, and rules by which its skater was chosen."""

TEXTS: Mapping[str, str] = {**ERRORS, **NOTES}
"""Every sentence; no code stands for two."""


@dataclass(frozen=True)
class Message:
    """A sentence for people, and what it says, for programs: they never read the sentence."""

    sentence: str
    """In English."""
    code: str | None = None
    """Key of `TEXTS`; None for a sentence of its own."""
    values: Mapping[str, Value | Message] = field(default_factory=dict)
    """What fills the sentence's blanks; a reason is a message of its own."""

    @classmethod
    def of(cls, code: str, **values: object) -> Self:
        """The message of a code, its blanks filled.

        Raises:
            KeyError: No such code, or a blank that no value fills.
        """
        kept = {k: v if isinstance(v, Value | Message) else str(v) for k, v in values.items()}
        return cls(TEXTS[code].format(**kept), code, kept)

    def __str__(self) -> str:
        return self.sentence
