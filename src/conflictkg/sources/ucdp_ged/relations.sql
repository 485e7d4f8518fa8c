-- From rows as they came to relations that mapping.toml names. Every value here has passed checks.sql.
-- Portable: DuckDB and Spark run it. Ordered where a section is: by the key, as text.

CREATE TABLE event AS
SELECT
  line,
  sha256,
  trim(id) AS id,
  -- A row that repeats the identifier of another with other contents is a revision of it.
  CASE WHEN place_in_id = 1 THEN trim(id) ELSE concat(trim(id), '~', substring(sha256, 1, 8)) END AS key,
  CASE WHEN place_in_id > 1 THEN trim(id) END AS revised,
  place_in_id = 1 AS is_first,
  CASE WHEN trim(code_status) IN ('', 'Clear') THEN review ELSE 'unreviewed' END AS review,
  CASE WHEN trim(code_status) NOT IN ('', 'Clear') THEN coding_note END AS coding_note,
  violence.concept AS violence,
  clarity.concept AS clarity,
  precise.concept AS place_precision,
  dated.concept AS date_precision,
  nullif(trim(conflict_new_id), '') AS conflict,
  trim(conflict_name) AS conflict_name,
  nullif(trim(dyad_new_id), '') AS dyad,
  trim(side_a_new_id) AS side_a,
  trim(side_a) AS side_a_name,
  trim(side_b_new_id) AS side_b,
  trim(side_b) AS side_b_name,
  trim(type_of_violence) = '3' AS is_one_sided,
  CASE WHEN trim(side_b) = 'Civilians' THEN concat('person-group/ucdp-actor/', trim(side_b_new_id))
       ELSE concat('organization/ucdp-actor/', trim(side_b_new_id)) END AS side_b_iri,
  CASE WHEN trim(number_of_sources) NOT IN ('', '-1') THEN trim(number_of_sources) END AS sources,
  informant,
  CAST(substring(trim(date_start), 1, 10) AS DATE) AS date_start,
  CAST(substring(trim(date_end), 1, 10) AS DATE) AS date_end,
  CAST(trim(deaths_a) AS BIGINT) AS deaths_a,
  CAST(trim(deaths_b) AS BIGINT) AS deaths_b,
  CAST(trim(deaths_civilians) AS BIGINT) AS deaths_civilians,
  CAST(trim(deaths_unknown) AS BIGINT) AS deaths_unknown,
  CAST(trim(low) AS BIGINT) AS low,
  CAST(trim(best) AS BIGINT) AS best,
  CAST(trim(high) AS BIGINT) AS high,
  CASE WHEN CAST(trim(low) AS BIGINT) > CAST(trim(high) AS BIGINT) THEN 'range-reversed'
       WHEN CAST(trim(best) AS BIGINT) < CAST(trim(low) AS BIGINT)
         OR CAST(trim(best) AS BIGINT) > CAST(trim(high) AS BIGINT) THEN 'best-outside-range'
       WHEN CAST(trim(best) AS BIGINT) <> CAST(trim(deaths_a) AS BIGINT) + CAST(trim(deaths_b) AS BIGINT)
         + CAST(trim(deaths_civilians) AS BIGINT) + CAST(trim(deaths_unknown) AS BIGINT) THEN 'inconsistent-fields'
  END AS killed_issue,
  CASE WHEN place_in_id > 1 THEN 'duplicate-identifier' END AS record_issue,
  nullif(trim(where_coordinates), '') AS place_name,
  place_words,
  nullif(trim(adm_1), '') AS first_order,
  nullif(trim(adm_2), '') AS second_order,
  trim(country_id) AS country_id,
  trim(country) AS country,
  trim(latitude) AS latitude,
  trim(longitude) AS longitude,
  substring(sha256(concat_ws('|', trim(country_id), trim(adm_1), trim(adm_2), trim(where_coordinates),
    trim(latitude), trim(longitude))), 1, 16) AS place,
  substring(sha256(concat_ws('|', trim(country_id), trim(adm_1), trim(adm_2))), 1, 16) AS second_place,
  substring(sha256(concat_ws('|', trim(country_id), trim(adm_1))), 1, 16) AS first_place
FROM (
  SELECT *, row_number() OVER (PARTITION BY trim(id) ORDER BY sha256) AS place_in_id FROM accepted
) AS numbered
CROSS JOIN release
JOIN lookup_type_of_violence AS violence ON violence.spelling = trim(type_of_violence)
JOIN lookup_event_clarity AS clarity ON clarity.spelling = trim(event_clarity)
JOIN lookup_where_prec AS precise ON precise.spelling = trim(where_prec)
JOIN lookup_date_prec AS dated ON dated.spelling = trim(date_prec)
ORDER BY key;

-- Places within places: a claim of the release, for no row says it alone.
CREATE TABLE place AS
SELECT place AS key, coalesce(min(place_name), min(country)) AS name, min(latitude) AS latitude, min(longitude) AS longitude,
  place AS geometry_key, TRUE AS has_geometry,
  CASE WHEN min(second_order) IS NOT NULL THEN concat('ucdp-ged/', min(second_place))
       WHEN min(first_order) IS NOT NULL THEN concat('ucdp-ged/', min(first_place))
       ELSE concat('gleditsch-ward/', min(country_id)) END AS within
FROM event GROUP BY place
UNION ALL
SELECT second_place, min(second_order), NULL, NULL, NULL, FALSE,
  CASE WHEN min(first_order) IS NOT NULL THEN concat('ucdp-ged/', min(first_place))
       ELSE concat('gleditsch-ward/', min(country_id)) END
FROM event WHERE second_order IS NOT NULL GROUP BY second_place
UNION ALL
SELECT first_place, min(first_order), NULL, NULL, NULL, FALSE, concat('gleditsch-ward/', min(country_id))
FROM event WHERE first_order IS NOT NULL GROUP BY first_place
ORDER BY key;

CREATE TABLE country AS
SELECT country_id AS key, min(country) AS name FROM event GROUP BY country_id ORDER BY key;

CREATE TABLE conflict AS
SELECT conflict AS key, max(conflict_name) AS name FROM event WHERE conflict IS NOT NULL GROUP BY conflict ORDER BY key;

CREATE TABLE dyad AS
SELECT dyad AS key, min(side_a) AS side_a, min(side_b_iri) AS side_b_iri, min(conflict) AS conflict,
  concat(max(side_a_name), ' - ', max(side_b_name)) AS name
FROM event WHERE dyad IS NOT NULL GROUP BY dyad ORDER BY key;

-- The name of the latest event, for groups are renamed.
CREATE TABLE actor AS
SELECT key, max_by(name, concat(CAST(day AS VARCHAR), name)) AS name,
  CASE WHEN bool_or(starts_with(name, 'Government of')) THEN 'government' ELSE 'armed-group' END AS level FROM (
  SELECT side_a AS key, side_a_name AS name, date_end AS day FROM event
  UNION ALL SELECT side_b, side_b_name, date_end FROM event WHERE side_b_name <> 'Civilians'
) AS sides GROUP BY key ORDER BY key;

CREATE TABLE civilians AS
SELECT side_b AS key, min(side_b_name) AS name FROM event WHERE side_b_name = 'Civilians' GROUP BY side_b ORDER BY key;

-- What the reports of an event are. report(line, outlet, issued, sha256) is made while the file is read.
CREATE TABLE cited AS
SELECT event.key, report.outlet, report.issued,
  substring(sha256(concat_ws('|', report.outlet, CAST(report.issued AS VARCHAR), report.sha256)), 1, 16) AS document,
  report.sha256,
  CASE WHEN report.outlet IS NOT NULL THEN
    coalesce(known.concept, concat('organization/ucdp-outlet/', substring(sha256(report.outlet), 1, 12))) END AS publisher,
  report.outlet IS NOT NULL AND known.concept IS NULL AS is_new
FROM report JOIN event ON event.line = report.line
LEFT JOIN lookup_outlet AS known ON known.spelling = report.outlet;

CREATE TABLE document AS
SELECT document AS key, min(publisher) AS publisher, min(issued) AS issued, min(sha256) AS sha256
FROM cited GROUP BY document ORDER BY key;

CREATE TABLE outlet AS
SELECT publisher AS key, min(outlet) AS name FROM cited WHERE is_new GROUP BY publisher ORDER BY key;

CREATE TABLE record AS
SELECT event.*, told.documents, told.outlets FROM event LEFT JOIN (
  SELECT key, list_sort(list_distinct(list(document))) AS documents,
    list_sort(list_distinct(list(publisher) FILTER (WHERE publisher IS NOT NULL))) AS outlets
  FROM cited GROUP BY key
) AS told ON told.key = event.key
ORDER BY event.key;
