-- What is wrong with rows: one SELECT a check, of line, record, column_name, fate, kind, value, problem.
-- With a kind the problem is that lookups.toml has no such value; the closest is named then.

CREATE MACRO is_whole(text) AS regexp_full_match(trim(text), '[0-9]{1,9}');
CREATE MACRO is_day(text) AS regexp_full_match(trim(text), '(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}([ T]00:00:00(\.0+)?Z?)?')
  AND TRY_CAST(substring(trim(text), 1, 10) AS DATE) IS NOT NULL;
CREATE MACRO is_degree(text, most) AS regexp_full_match(trim(text), '-?[0-9]{1,3}(\.[0-9]+)?')
  AND abs(TRY_CAST(trim(text) AS DOUBLE)) <= most;
CREATE MACRO looks_swapped(latitude, longitude) AS coalesce(abs(TRY_CAST(trim(latitude) AS DOUBLE)) BETWEEN 90.000001 AND 180
  AND abs(TRY_CAST(trim(longitude) AS DOUBLE)) <= 90, FALSE);
CREATE MACRO is_point(text, latitude, longitude) AS
  abs(TRY_CAST(regexp_extract(text, 'POINT ?\(([-0-9.]+) [-0-9.]+\)', 1) AS DOUBLE) - TRY_CAST(longitude AS DOUBLE)) < 0.000001
  AND abs(TRY_CAST(regexp_extract(text, 'POINT ?\([-0-9.]+ ([-0-9.]+)\)', 1) AS DOUBLE) - TRY_CAST(latitude AS DOUBLE)) < 0.000001;
-- So many words are a quotation (MOST_WORDS of cells.py); what is longer is a text, and not ours to copy.
CREATE MACRO words_of(text) AS len(regexp_extract_all(text, '[^\s\p{Z}]+'));
CREATE MACRO quotation_of(text) AS CASE WHEN words_of(text) <= 10 THEN nullif(trim(text), '') END;

CREATE TABLE unreadable AS
WITH numbers AS (
  SELECT line, id, unnest([
    {'name': 'id', 'value': id}, {'name': 'side_a_new_id', 'value': side_a_new_id},
    {'name': 'side_b_new_id', 'value': side_b_new_id}, {'name': 'country_id', 'value': country_id},
    {'name': 'deaths_a', 'value': deaths_a}, {'name': 'deaths_b', 'value': deaths_b},
    {'name': 'deaths_civilians', 'value': deaths_civilians}, {'name': 'deaths_unknown', 'value': deaths_unknown},
    {'name': 'low', 'value': low}, {'name': 'best', 'value': best}, {'name': 'high', 'value': high}
  ]) AS field FROM "row"
  WHERE NOT (is_whole(id) AND is_whole(side_a_new_id) AND is_whole(side_b_new_id) AND is_whole(country_id)
    AND is_whole(deaths_a) AND is_whole(deaths_b) AND is_whole(deaths_civilians) AND is_whole(deaths_unknown)
    AND is_whole(low) AND is_whole(best) AND is_whole(high))
), codes AS (
  SELECT line, id, unnest([
    {'name': 'type_of_violence', 'value': type_of_violence}, {'name': 'event_clarity', 'value': event_clarity},
    {'name': 'where_prec', 'value': where_prec}, {'name': 'date_prec', 'value': date_prec}
  ]) AS field FROM "row"
), known AS (
  SELECT 'type_of_violence' AS kind, spelling FROM lookup_type_of_violence
  UNION ALL SELECT 'event_clarity', spelling FROM lookup_event_clarity
  UNION ALL SELECT 'where_prec', spelling FROM lookup_where_prec
  UNION ALL SELECT 'date_prec', spelling FROM lookup_date_prec
), days AS (
  SELECT line, id, unnest([{'name': 'date_start', 'value': date_start}, {'name': 'date_end', 'value': date_end}]) AS field
  FROM "row" WHERE NOT (is_day(date_start) AND is_day(date_end))
)
SELECT line, id AS record, field.name AS column_name, 'rejected' AS fate, '' AS kind, field.value AS value,
  CASE WHEN trim(field.value) = '' THEN 'is empty; a whole number must stand there.'
       WHEN regexp_matches(field.value, '(?i)jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec') THEN
         format('"{}" is no whole number. If it was a range such as 3-4, a spreadsheet has made a date of it.', field.value)
       ELSE format('"{}" is no whole number of 0 or more.', field.value) END AS problem
FROM numbers WHERE NOT is_whole(field.value)
UNION ALL
SELECT line, id, field.name, 'rejected', field.name, trim(field.value), ''
FROM codes LEFT JOIN known ON known.kind = field.name AND known.spelling = trim(field.value) WHERE known.spelling IS NULL
UNION ALL
SELECT line, id, field.name, 'rejected', '', field.value,
  format('"{}" is no day. It must be written as 2017-06-13, be one of the calendar and not before 1900.', field.value)
FROM days WHERE NOT is_day(field.value)
UNION ALL
SELECT line, id, 'date_end', 'rejected', '', date_end,
  format('ends on {}, before it begins ({}).', trim(date_end), trim(date_start))
FROM "row" WHERE is_day(date_start) AND is_day(date_end) AND substring(trim(date_end), 1, 10) < substring(trim(date_start), 1, 10)
UNION ALL
SELECT line, id, CASE WHEN looks_swapped(latitude, longitude) OR NOT is_degree(latitude, 90) THEN 'latitude' ELSE 'longitude' END,
  'rejected', '', latitude,
  CASE WHEN looks_swapped(latitude, longitude) THEN
         format('latitude "{}" and longitude "{}" are swapped, as it seems: no latitude is over 90.', latitude, longitude)
       ELSE format('latitude "{}", longitude "{}": they must be decimal degrees of at most 90 and 180.', latitude, longitude) END
FROM "row" WHERE NOT (is_degree(latitude, 90) AND is_degree(longitude, 180))
UNION ALL
SELECT line, id, 'side_a', 'rejected', '', '', 'has no name for one of its sides.'
FROM "row" WHERE trim(side_a) = '' OR trim(side_b) = ''
UNION ALL
SELECT line, id, 'conflict_new_id', 'rejected', '', conflict_new_id, 'conflict or dyad has no number for its identifier.'
FROM "row" WHERE NOT regexp_full_match(trim(conflict_new_id), '[0-9]*') OR NOT regexp_full_match(trim(dyad_new_id), '[0-9]*')
UNION ALL
SELECT line, id, 'number_of_sources', 'rejected', '', number_of_sources, format('"{}" is no number of sources; -1 stands for unknown.', number_of_sources)
FROM "row" WHERE NOT regexp_full_match(trim(number_of_sources), '-1|[0-9]*');

-- A row that stands twice is converted once.
CREATE TABLE repeated AS
SELECT line, id AS record, first_line FROM (
  SELECT line, id, min(line) OVER (PARTITION BY id, sha256) AS first_line FROM "row"
) WHERE line <> first_line;

CREATE TABLE accepted AS
SELECT *, quotation_of(source_original) AS informant, quotation_of(code_status) AS coding_note,
  CASE WHEN NOT contains(trim(where_description), chr(10)) THEN quotation_of(where_description) END AS place_words
FROM "row" WHERE line NOT IN (SELECT line FROM unreadable) AND line NOT IN (SELECT line FROM repeated);

CREATE TABLE doubtful AS
SELECT line, record, 'id' AS column_name, 'rejected' AS fate, '' AS kind, record AS value,
  format('is the same row as {} once more.', place_of(first_line)) AS problem FROM repeated
UNION ALL
SELECT line, id, 'id', 'kept', '', id, format('event {} stands in the file {} times with other contents: a revision of it.', trim(id), times)
FROM (SELECT *, row_number() OVER (PARTITION BY trim(id) ORDER BY sha256) AS place, count(*) OVER (PARTITION BY trim(id)) AS times
  FROM accepted) WHERE place > 1
UNION ALL
SELECT line, id, 'best', 'kept', '', best, format('low {}, best {}, high {}: the range runs backwards.', low, best, high)
FROM accepted WHERE low::BIGINT > high::BIGINT
UNION ALL
SELECT line, id, 'best', 'kept', '', best, format('low {}, best {}, high {}: the best estimate is outside the range.', low, best, high)
FROM accepted WHERE low::BIGINT <= high::BIGINT AND NOT best::BIGINT BETWEEN low::BIGINT AND high::BIGINT
UNION ALL
SELECT line, id, 'best', 'kept', '', best, format('the best estimate is {}, the sum of its four parts {}.', best,
  deaths_a::BIGINT + deaths_b::BIGINT + deaths_civilians::BIGINT + deaths_unknown::BIGINT)
FROM accepted WHERE best::BIGINT <> deaths_a::BIGINT + deaths_b::BIGINT + deaths_civilians::BIGINT + deaths_unknown::BIGINT
UNION ALL
SELECT line, id, 'high', 'kept', '', high, 'nobody died by any estimate; an event has at least one death.'
FROM accepted WHERE low::BIGINT = 0 AND best::BIGINT = 0 AND high::BIGINT = 0
UNION ALL
SELECT line, id, 'year', 'kept', '', "year", format('the year is {}, the event ended on {}.', "year", trim(date_end))
FROM accepted WHERE trim("year") <> '' AND trim("year") NOT IN (substring(trim(date_start), 1, 4), substring(trim(date_end), 1, 4))
UNION ALL
SELECT line, id, 'geom_wkt', 'kept', '', geom_wkt, format('{} is another point than latitude {}, longitude {}, which are taken.', geom_wkt, latitude, longitude)
FROM accepted WHERE trim(geom_wkt) <> '' AND NOT coalesce(is_point(geom_wkt, latitude, longitude), FALSE)
UNION ALL
SELECT line, id, 'source_original', 'kept', '', '', format('has {} words; a quotation has at most 10, so it is not copied.', words_of(source_original))
FROM accepted WHERE words_of(source_original) > 10
UNION ALL
SELECT line, id, 'code_status', 'kept', '', '', format('has {} words; a quotation has at most 10, so it is not copied.', words_of(code_status))
FROM accepted WHERE words_of(code_status) > 10
UNION ALL
SELECT accepted.line, id, 'source_office', 'kept', '', number_of_sources,
  format('says that it has {} sources, and names {}.', trim(number_of_sources), coalesce(told.reports, 0))
FROM accepted LEFT JOIN (SELECT line, count(*) AS reports FROM report GROUP BY line) AS told ON told.line = accepted.line
WHERE trim(number_of_sources) NOT IN ('', '-1') AND trim(number_of_sources)::BIGINT <> coalesce(told.reports, 0);

CREATE VIEW issue AS SELECT * FROM unreadable UNION ALL SELECT * FROM doubtful;
