//! The tables, as Diesel sees them: one definition for both databases.

use diesel::{
    allow_columns_to_appear_in_same_group_by_clause, allow_tables_to_appear_in_same_query, joinable, table,
};

table! {
    process_slots (slot) {
        slot -> BigInt,
        holder -> Text,
        floor_ms -> BigInt,
        expires_at -> Timestamp,
    }
}

table! {
    offices (id) {
        id -> BigInt,
        code -> Text,
        parent_id -> Nullable<BigInt>,
        level -> Text,
        name_fa -> Text,
        name_en -> Text,
        province -> Nullable<Text>,
        county -> Nullable<Text>,
        email -> Nullable<Text>,
        short_number -> Nullable<Text>,
        calendar -> Nullable<Text>,
        signpost_only -> Bool,
        needs_approval -> Bool,
        valid_from -> Timestamp,
        valid_to -> Nullable<Timestamp>,
    }
}

table! {
    definitions (id) {
        id -> BigInt,
        noun -> Text,
        code -> Text,
        version -> Integer,
        body -> Text,
        source -> Text,
        author -> Text,
        valid_from -> Timestamp,
        valid_to -> Nullable<Timestamp>,
    }
}

table! {
    rulebook_version (id) {
        id -> BigInt,
        version -> BigInt,
    }
}

table! {
    changes (id) {
        id -> BigInt,
        noun -> Text,
        code -> Text,
        action -> Text,
        body -> Text,
        base -> Nullable<Text>,
        base_version -> Nullable<Integer>,
        because -> Nullable<Text>,
        status -> Text,
        proposed_by -> BigInt,
        proposed_at -> Timestamp,
        valid_from -> Nullable<Timestamp>,
        valid_to -> Nullable<Timestamp>,
        decided_by -> Nullable<BigInt>,
        decided_at -> Nullable<Timestamp>,
        decision_reason -> Nullable<Text>,
        applied_at -> Nullable<Timestamp>,
        version -> Nullable<Integer>,
        fault -> Nullable<Text>,
        trial -> Nullable<Text>,
        follows -> Nullable<BigInt>,
        secret -> Nullable<Text>,
    }
}

table! {
    users (id) {
        id -> BigInt,
        username -> Text,
        name -> Text,
        email -> Nullable<Text>,
        password_hash -> Text,
        is_active -> Bool,
        created_at -> Timestamp,
    }
}

table! {
    user_roles (user_id, role, office_id) {
        user_id -> BigInt,
        role -> Text,
        office_id -> BigInt,
    }
}

table! {
    postings (user_id, office_id, role, from_at) {
        user_id -> BigInt,
        office_id -> BigInt,
        role -> Text,
        from_at -> Timestamp,
        to_at -> Nullable<Timestamp>,
    }
}

table! {
    former_lines (office_id, above_id, until_at) {
        office_id -> BigInt,
        above_id -> BigInt,
        until_at -> Timestamp,
    }
}

table! {
    refresh_tokens (token_hash) {
        token_hash -> Text,
        session_id -> BigInt,
        user_id -> BigInt,
        issued_at -> Timestamp,
        expires_at -> Timestamp,
        used_at -> Nullable<Timestamp>,
        revoked_at -> Nullable<Timestamp>,
        is_vouched -> Bool,
    }
}

table! {
    spent (digest) {
        digest -> Text,
        expires_at -> Timestamp,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sealed::SealedText;
    second_factors (id) {
        id -> BigInt,
        user_id -> BigInt,
        secret -> SealedText,
        begun_at -> Timestamp,
        confirmed_at -> Nullable<Timestamp>,
        last_step -> BigInt,
    }
}

table! {
    recovery_codes (code_hash) {
        code_hash -> Text,
        user_id -> BigInt,
        made_at -> Timestamp,
        used_at -> Nullable<Timestamp>,
    }
}

table! {
    failures (subject) {
        subject -> Text,
        count -> Integer,
        last_at -> Timestamp,
        locked_until -> Nullable<Timestamp>,
    }
}

table! {
    gateways (id) {
        id -> BigInt,
        name -> Text,
        key_hash -> Text,
        channels -> Text,
        office_id -> BigInt,
        created_at -> Timestamp,
        expires_at -> Timestamp,
        revoked_at -> Nullable<Timestamp>,
        agreed_at -> Nullable<Timestamp>,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sealed::{BlindText, SealedText};
    citizens (id) {
        id -> BigInt,
        kind -> Text,
        identifier -> Nullable<SealedText>,
        name -> Nullable<SealedText>,
        mobile -> Nullable<SealedText>,
        phone -> Nullable<SealedText>,
        email -> Nullable<SealedText>,
        address -> Nullable<SealedText>,
        postal_code -> Nullable<SealedText>,
        preferred_channel -> Nullable<Text>,
        language -> Text,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        identifier_index -> Nullable<BlindText>,
        mobile_index -> Nullable<BlindText>,
        phone_index -> Nullable<BlindText>,
        email_index -> Nullable<BlindText>,
        household_head -> Nullable<SealedText>,
        household_head_index -> Nullable<BlindText>,
        household_index -> Nullable<BlindText>,
        merged_into -> Nullable<BigInt>,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sealed::SealedText;
    citizen_merges (id) {
        id -> BigInt,
        citizen_id -> BigInt,
        other_id -> BigInt,
        reason -> SealedText,
        took -> Text,
        merged_by -> BigInt,
        merged_at -> Timestamp,
        undone_by -> Nullable<BigInt>,
        undone_at -> Nullable<Timestamp>,
        undone_reason -> Nullable<SealedText>,
    }
}

table! {
    citizen_merge_cases (merge_id, case_id) {
        merge_id -> BigInt,
        case_id -> BigInt,
    }
}

table! {
    audit (id) {
        id -> BigInt,
        at -> Timestamp,
        actor -> Text,
        action -> Text,
        subject -> Text,
        detail -> Text,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sealed::SealedText;
    cases (id) {
        id -> BigInt,
        tracking_code -> Text,
        access_hash -> Text,
        version -> Integer,
        status -> Text,
        resume_status -> Nullable<Text>,
        kind -> Text,
        channel -> Text,
        category -> Nullable<Text>,
        priority -> Text,
        language -> Text,
        subject -> Nullable<Text>,
        text -> Text,
        remedy_sought -> Nullable<Text>,
        citizen_id -> Nullable<BigInt>,
        representative -> Nullable<SealedText>,
        is_anonymous -> Bool,
        is_sealed -> Bool,
        about_office_id -> Nullable<BigInt>,
        province -> Nullable<Text>,
        county -> Nullable<Text>,
        address -> Nullable<SealedText>,
        lat -> Nullable<Double>,
        lon -> Nullable<Double>,
        external_id -> Nullable<Text>,
        intake_office_id -> BigInt,
        registered_by -> Nullable<BigInt>,
        holder_office_id -> BigInt,
        holder_user_id -> Nullable<BigInt>,
        lead_referral_id -> Nullable<BigInt>,
        asked_levels -> Text,
        transfers -> Integer,
        reopenings -> Integer,
        dismissal -> Nullable<Text>,
        outcome -> Nullable<Text>,
        outcome_reason -> Nullable<Text>,
        outcome_text -> Nullable<Text>,
        remedy -> Nullable<Text>,
        received_at -> Timestamp,
        registered_at -> Timestamp,
        due_at -> Timestamp,
        outer_at -> Nullable<Timestamp>,
        triage_started_at -> Nullable<Timestamp>,
        triage_due_at -> Nullable<Timestamp>,
        triage_fired -> Nullable<Integer>,
        triage_next_at -> Nullable<Timestamp>,
        paused_at -> Nullable<Timestamp>,
        wait_until -> Nullable<Timestamp>,
        answered_at -> Nullable<Timestamp>,
        window_until -> Nullable<Timestamp>,
        closed_at -> Nullable<Timestamp>,
        last_seq -> Integer,
        last_hash -> Text,
        updated_at -> Timestamp,
        objections -> Integer,
        rating -> Nullable<Integer>,
        remedy_until -> Nullable<Timestamp>,
        about_user_id -> Nullable<BigInt>,
        about_person -> Nullable<SealedText>,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sealed::SealedText;
    sealed_words (id) {
        id -> BigInt,
        subject -> Nullable<SealedText>,
        text -> SealedText,
        remedy_sought -> Nullable<SealedText>,
    }
}

table! {
    clear_traces (id) {
        id -> BigInt,
        at -> Timestamp,
    }
}

table! {
    words_to_seal (place, id) {
        place -> Text,
        id -> BigInt,
    }
}

table! {
    case_scopes (office_id, case_id) {
        office_id -> BigInt,
        case_id -> BigInt,
        is_direct -> Bool,
    }
}

table! {
    events (id) {
        id -> BigInt,
        case_id -> BigInt,
        seq -> Integer,
        kind -> Text,
        at -> Timestamp,
        actor -> Text,
        user_id -> Nullable<BigInt>,
        office_id -> Nullable<BigInt>,
        payload -> Text,
        hash -> Text,
        salt -> Text,
        digest -> Nullable<Text>,
    }
}

table! {
    tombstones (id) {
        id -> BigInt,
        case_id -> BigInt,
        at -> Timestamp,
        classes -> Text,
        body -> Text,
    }
}

table! {
    file_erasures (sha256) {
        sha256 -> Text,
        at -> Timestamp,
        is_set_aside -> Bool,
    }
}

table! {
    holds (id) {
        id -> BigInt,
        case_id -> Nullable<BigInt>,
        citizen_id -> Nullable<BigInt>,
        reason -> Text,
        until -> Nullable<Timestamp>,
        placed_by -> BigInt,
        placed_at -> Timestamp,
        lifted_by -> Nullable<BigInt>,
        lifted_at -> Nullable<Timestamp>,
    }
}

table! {
    retention_walk (id) {
        id -> BigInt,
        after_at -> Nullable<Timestamp>,
        after -> BigInt,
        began_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
        examined -> BigInt,
        erased -> BigInt,
    }
}

table! {
    erasure_requests (id) {
        id -> BigInt,
        citizen_id -> BigInt,
        channel -> Text,
        reason -> Text,
        recorded_by -> Nullable<BigInt>,
        at -> Timestamp,
        due_at -> Timestamp,
        state -> Text,
        reason_code -> Nullable<Text>,
        source -> Nullable<Text>,
        words -> Nullable<Text>,
        decided_by -> Nullable<BigInt>,
        decided_at -> Nullable<Timestamp>,
    }
}

table! {
    exports (id) {
        id -> BigInt,
        citizen_id -> BigInt,
        case_id -> Nullable<BigInt>,
        reason -> Text,
        identity_checked_by -> Text,
        requested_by -> Nullable<BigInt>,
        at -> Timestamp,
        code_hash -> Nullable<Text>,
        wrong_codes -> Integer,
        confirmed_at -> Nullable<Timestamp>,
        expires_at -> Timestamp,
        downloads -> Integer,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sealed::SealedText;
    corrections (id) {
        id -> BigInt,
        citizen_id -> BigInt,
        field -> Text,
        old_value -> Nullable<SealedText>,
        new_value -> SealedText,
        evidence -> SealedText,
        reason -> SealedText,
        recorded_by -> BigInt,
        at -> Timestamp,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sealed::SealedText;
    correction_requests (id) {
        id -> BigInt,
        case_id -> BigInt,
        field -> Text,
        value -> SealedText,
        grounds -> Nullable<SealedText>,
        at -> Timestamp,
        due_at -> Timestamp,
        state -> Text,
        words -> Nullable<SealedText>,
        correction_id -> Nullable<BigInt>,
        decided_by -> Nullable<BigInt>,
        decided_at -> Nullable<Timestamp>,
    }
}

table! {
    anchors (number) {
        number -> Integer,
        day -> Text,
        leaves -> BigInt,
        events -> BigInt,
        root -> Text,
        previous -> Text,
        made_at -> Timestamp,
        key -> Text,
        hash -> Text,
        signature -> Text,
        blocks -> Text,
    }
}

table! {
    anchor_leaves (anchor, position) {
        anchor -> Integer,
        position -> Integer,
        case_id -> BigInt,
        seq -> Integer,
        hash -> Text,
    }
}

table! {
    referrals (id) {
        id -> BigInt,
        case_id -> BigInt,
        parent_id -> Nullable<BigInt>,
        from_office_id -> BigInt,
        office_id -> BigInt,
        role -> Text,
        state -> Text,
        user_id -> Nullable<BigInt>,
        instruction -> Nullable<Text>,
        sent_by -> Nullable<BigInt>,
        sent_at -> Timestamp,
        accepted_at -> Nullable<Timestamp>,
        ended_at -> Nullable<Timestamp>,
        reason_code -> Nullable<Text>,
        note -> Nullable<Text>,
        suggested_office_id -> Nullable<BigInt>,
        extensions -> Integer,
        is_paused -> Bool,
        started_at -> Timestamp,
        due_at -> Nullable<Timestamp>,
        fired -> Nullable<Integer>,
        next_at -> Nullable<Timestamp>,
    }
}

table! {
    clock_changes (id) {
        id -> BigInt,
        case_id -> BigInt,
        referral_id -> Nullable<BigInt>,
        change -> Text,
        at -> Timestamp,
        due_before -> Nullable<Timestamp>,
        due_after -> Nullable<Timestamp>,
        reason -> Nullable<Text>,
    }
}

table! {
    closures (id) {
        id -> BigInt,
        calendar -> Text,
        province -> Nullable<Text>,
        first_day -> Text,
        last_day -> Text,
        hours -> Nullable<Text>,
        reason -> Text,
        source -> Text,
        declared_by -> Nullable<BigInt>,
        declared_at -> Timestamp,
        withdrawn_by -> Nullable<BigInt>,
        withdrawn_at -> Nullable<Timestamp>,
        withdrawal_reason -> Nullable<Text>,
    }
}

table! {
    closure_runs (id) {
        id -> BigInt,
        closure_id -> BigInt,
        is_withdrawal -> Bool,
        begun_at -> Timestamp,
        cursor -> BigInt,
        total -> Nullable<BigInt>,
        finished_at -> Nullable<Timestamp>,
    }
}

table! {
    closure_cases (run_id, case_id) {
        run_id -> BigInt,
        case_id -> BigInt,
        is_moved -> Bool,
        is_told -> Bool,
    }
}

table! {
    extension_requests (id) {
        id -> BigInt,
        case_id -> BigInt,
        referral_id -> BigInt,
        office_id -> BigInt,
        days -> Integer,
        reason -> Text,
        told -> Text,
        asked_by -> BigInt,
        asked_at -> Timestamp,
        wait_until -> Timestamp,
        state -> Text,
        answered_at -> Nullable<Timestamp>,
        answered_who -> Nullable<Text>,
        answered_how -> Nullable<Text>,
        recorded_by -> Nullable<BigInt>,
    }
}

table! {
    deadline_points (id) {
        id -> BigInt,
        case_id -> BigInt,
        referral_id -> Nullable<BigInt>,
        office_id -> BigInt,
        user_id -> Nullable<BigInt>,
        percent -> Integer,
        due_at -> Timestamp,
        at -> Timestamp,
        told_office_id -> BigInt,
        lifted_at -> Nullable<Timestamp>,
        lifted_by -> Nullable<BigInt>,
    }
}

table! {
    interim_demands (id) {
        id -> BigInt,
        case_id -> BigInt,
        referral_id -> Nullable<BigInt>,
        office_id -> BigInt,
        cause -> Text,
        outer_at -> Timestamp,
        made_at -> Timestamp,
        due_at -> Timestamp,
        settled_at -> Nullable<Timestamp>,
        settled_by -> Nullable<Text>,
        answer_id -> Nullable<BigInt>,
        expected_at -> Nullable<Timestamp>,
        next_at -> Nullable<Timestamp>,
    }
}

table! {
    progress_notices (case_id) {
        case_id -> BigInt,
        next_at -> Nullable<Timestamp>,
        sent -> Integer,
    }
}

table! {
    warnings (id) {
        id -> BigInt,
        key -> Text,
        cause -> Text,
        office_id -> BigInt,
        user_id -> Nullable<BigInt>,
        addressed_to -> BigInt,
        case_id -> BigInt,
        count -> Integer,
        state -> Text,
        made_at -> Timestamp,
        steps -> Integer,
        next_at -> Nullable<Timestamp>,
        decided_by -> Nullable<BigInt>,
        decided_office -> Nullable<BigInt>,
        decided_at -> Nullable<Timestamp>,
        note -> Nullable<Text>,
    }
}

table! {
    warning_cases (warning_id, referral_id) {
        warning_id -> BigInt,
        referral_id -> BigInt,
        case_id -> BigInt,
    }
}

table! {
    answers (id) {
        id -> BigInt,
        case_id -> BigInt,
        referral_id -> BigInt,
        text -> Text,
        is_interim -> Bool,
        outcome -> Nullable<Text>,
        reason_code -> Nullable<Text>,
        state -> Text,
        author_id -> BigInt,
        created_at -> Timestamp,
        decided_by -> Nullable<BigInt>,
        decided_at -> Nullable<Timestamp>,
        decision_note -> Nullable<Text>,
        expected_at -> Nullable<Timestamp>,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sealed::SealedText;
    objections (id) {
        id -> BigInt,
        case_id -> BigInt,
        referral_id -> BigInt,
        text -> SealedText,
        channel -> Text,
        recorded_by -> Nullable<BigInt>,
        at -> Timestamp,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sealed::SealedText;
    appeals (id) {
        id -> BigInt,
        case_id -> BigInt,
        referral_id -> BigInt,
        against_office_id -> BigInt,
        cause -> Text,
        text -> SealedText,
        channel -> Text,
        recorded_by -> Nullable<BigInt>,
        at -> Timestamp,
        former_outcome -> Nullable<Text>,
        result -> Nullable<Text>,
        consequence -> Nullable<Text>,
        outcome -> Nullable<Text>,
        grounds -> Nullable<Text>,
        decided_by -> Nullable<BigInt>,
        decided_at -> Nullable<Timestamp>,
    }
}

table! {
    ratings (id) {
        id -> BigInt,
        case_id -> BigInt,
        round -> Integer,
        score -> Integer,
        comment -> Nullable<Text>,
        channel -> Text,
        recorded_by -> Nullable<BigInt>,
        at -> Timestamp,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sealed::SealedText;
    family_links (id) {
        id -> BigInt,
        case_id -> BigInt,
        parent_id -> BigInt,
        relation -> Text,
        since -> Timestamp,
        linked_by -> Nullable<BigInt>,
        aside -> Nullable<Text>,
        wait_until -> Nullable<Timestamp>,
        is_representative -> Bool,
        household_head -> Nullable<SealedText>,
        left_at -> Nullable<Timestamp>,
    }
}

table! {
    families (case_id) {
        case_id -> BigInt,
        is_mass -> Bool,
        persons -> Integer,
        households -> Integer,
        lead_speaks -> Bool,
        closing -> Nullable<Text>,
    }
}

table! {
    problems (id) {
        id -> BigInt,
        code -> Text,
        name_fa -> Text,
        name_en -> Text,
        description -> Text,
        category -> Nullable<Text>,
        province -> Nullable<Text>,
        county -> Nullable<Text>,
        office_id -> BigInt,
        user_id -> Nullable<BigInt>,
        state -> Text,
        cause -> Nullable<Text>,
        is_public -> Bool,
        proposed_by -> Nullable<BigInt>,
        created_at -> Timestamp,
        started_at -> Timestamp,
        due_at -> Timestamp,
        fired -> Nullable<Integer>,
        next_at -> Nullable<Timestamp>,
        round -> Integer,
        reason -> Nullable<Text>,
        settled_at -> Nullable<Timestamp>,
    }
}

table! {
    problem_answers (id) {
        id -> BigInt,
        problem_id -> BigInt,
        text_fa -> Text,
        text_en -> Nullable<Text>,
        author_id -> BigInt,
        created_at -> Timestamp,
        decided_by -> Nullable<BigInt>,
        decided_at -> Nullable<Timestamp>,
    }
}

table! {
    problem_cases (case_id) {
        case_id -> BigInt,
        problem_id -> BigInt,
        event_id -> BigInt,
        linked_by -> Nullable<BigInt>,
        linked_at -> Timestamp,
        notice_at -> Nullable<Timestamp>,
    }
}

table! {
    problem_notices (problem_id, round, citizen_id) {
        problem_id -> BigInt,
        round -> Integer,
        citizen_id -> BigInt,
        case_id -> BigInt,
        at -> Timestamp,
    }
}

table! {
    problem_events (id) {
        id -> BigInt,
        problem_id -> BigInt,
        at -> Timestamp,
        user_id -> Nullable<BigInt>,
        office_id -> Nullable<BigInt>,
        event -> Text,
        detail -> Nullable<Text>,
    }
}

table! {
    lessons (id) {
        id -> BigInt,
        case_id -> BigInt,
        round -> Integer,
        answer_id -> Nullable<BigInt>,
        cause -> Text,
        office_id -> BigInt,
        recorded_by -> Nullable<BigInt>,
        at -> Timestamp,
        is_in_force -> Bool,
    }
}

table! {
    recommendations (id) {
        id -> BigInt,
        case_id -> BigInt,
        answer_id -> Nullable<BigInt>,
        from_office_id -> BigInt,
        office_id -> BigInt,
        text -> Text,
        state -> Text,
        made_by -> Nullable<BigInt>,
        made_at -> Timestamp,
        due_at -> Timestamp,
        fired -> Nullable<Integer>,
        next_at -> Nullable<Timestamp>,
        reason -> Nullable<Text>,
        done_text -> Nullable<Text>,
        replied_by -> Nullable<BigInt>,
        replied_at -> Nullable<Timestamp>,
        verified_by -> Nullable<BigInt>,
        verified_office_id -> Nullable<BigInt>,
        verified_at -> Nullable<Timestamp>,
    }
}

table! {
    quality_samples (id) {
        id -> BigInt,
        seed -> Text,
        from_at -> Timestamp,
        to_at -> Timestamp,
        office_id -> BigInt,
        kind -> Nullable<Text>,
        is_stratified -> Bool,
        population -> BigInt,
        size -> BigInt,
        digest -> Text,
        drawn_by -> Nullable<BigInt>,
        drawn_at -> Timestamp,
    }
}

table! {
    callbacks (id) {
        id -> BigInt,
        sample_id -> BigInt,
        position -> Integer,
        case_id -> BigInt,
        citizen_id -> Nullable<BigInt>,
        office_id -> BigInt,
        outcome -> Nullable<Text>,
        state -> Text,
        attempts -> Integer,
        tried_at -> Nullable<Timestamp>,
        called_by -> Nullable<BigInt>,
        claim -> Nullable<Text>,
        score -> Nullable<Integer>,
        answers -> Nullable<Text>,
        comment -> Nullable<Text>,
        finding -> Nullable<Text>,
        decided_by -> Nullable<BigInt>,
        decided_at -> Nullable<Timestamp>,
        note -> Nullable<Text>,
    }
}

table! {
    no_calls (citizen_id) {
        citizen_id -> BigInt,
        recorded_by -> Nullable<BigInt>,
        at -> Timestamp,
    }
}

table! {
    repeats (case_id, earlier_id) {
        case_id -> BigInt,
        earlier_id -> BigInt,
        relation -> Text,
        grounds -> Text,
        likeness -> Integer,
        at -> Timestamp,
    }
}

table! {
    contact_plans (id) {
        id -> BigInt,
        citizen_id -> BigInt,
        state -> Text,
        reasons -> Text,
        measures -> Text,
        contact_office_id -> Nullable<BigInt>,
        subjects -> Nullable<Text>,
        review_at -> Timestamp,
        renews_id -> Nullable<BigInt>,
        proposed_by -> BigInt,
        proposed_at -> Timestamp,
        decided_by -> Nullable<BigInt>,
        decided_at -> Nullable<Timestamp>,
        case_id -> Nullable<BigInt>,
        is_told -> Bool,
        ended_at -> Nullable<Timestamp>,
        ended_by -> Nullable<BigInt>,
        end_reason -> Nullable<Text>,
    }
}

table! {
    contact_plan_reviews (id) {
        id -> BigInt,
        plan_id -> BigInt,
        case_id -> BigInt,
        text -> Text,
        channel -> Text,
        recorded_by -> Nullable<BigInt>,
        at -> Timestamp,
        result -> Nullable<Text>,
        grounds -> Nullable<Text>,
        decided_by -> Nullable<BigInt>,
        decided_at -> Nullable<Timestamp>,
    }
}

table! {
    questions (id) {
        id -> BigInt,
        case_id -> BigInt,
        referral_id -> Nullable<BigInt>,
        office_id -> BigInt,
        asked_by -> BigInt,
        text -> Text,
        asked_at -> Timestamp,
        wait_until -> Timestamp,
        replied_at -> Nullable<Timestamp>,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sealed::SealedText;
    notes (id) {
        id -> BigInt,
        case_id -> BigInt,
        office_id -> BigInt,
        author_id -> BigInt,
        text -> SealedText,
        at -> Timestamp,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sealed::SealedText;
    attachments (id) {
        id -> BigInt,
        case_id -> BigInt,
        name -> SealedText,
        media_type -> Text,
        size -> BigInt,
        sha256 -> Text,
        uploaded_by -> Text,
        at -> Timestamp,
    }
}

table! {
    stored_files (sha256) {
        sha256 -> Text,
        original_sha256 -> Nullable<Text>,
        media_type -> Text,
        pages -> Nullable<Integer>,
        notice -> Nullable<Text>,
        scan -> Text,
        signature -> Nullable<Text>,
        tries -> Integer,
        next_at -> Nullable<Timestamp>,
        scanned_at -> Nullable<Timestamp>,
        is_to_read -> Bool,
        at -> Timestamp,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sealed::SealedText;
    uploads (id) {
        id -> BigInt,
        owner -> Text,
        secret_hash -> Text,
        name -> SealedText,
        declared -> Nullable<Text>,
        size -> BigInt,
        received -> BigInt,
        sha256 -> Nullable<Text>,
        media_type -> Nullable<Text>,
        kept_size -> Nullable<BigInt>,
        expires_at -> Timestamp,
        at -> Timestamp,
    }
}

table! {
    upload_parts (upload_id, start) {
        upload_id -> BigInt,
        start -> BigInt,
        size -> BigInt,
        part -> Text,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sealed::SealedText;
    drafts (id) {
        id -> BigInt,
        secret_hash -> Text,
        content -> Nullable<SealedText>,
        version -> Integer,
        tracking_code -> Nullable<Text>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        expires_at -> Timestamp,
    }
}

table! {
    phone_claims (citizen_id) {
        citizen_id -> BigInt,
        since -> Timestamp,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sealed::SealedText;
    phone_proofs (id) {
        id -> BigInt,
        phone -> SealedText,
        phone_hash -> Text,
        identifier -> Nullable<SealedText>,
        code_hash -> Text,
        tries -> Integer,
        proved_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
        expires_at -> Timestamp,
    }
}

table! {
    queue_tickets (id) {
        id -> BigInt,
        office_id -> BigInt,
        desk -> Text,
        desk_key -> Text,
        day -> Text,
        number -> Integer,
        state -> Text,
        taken_at -> Timestamp,
        called_at -> Nullable<Timestamp>,
        called_by -> Nullable<BigInt>,
        settled_at -> Nullable<Timestamp>,
        case_id -> Nullable<BigInt>,
    }
}

table! {
    meetings (id) {
        id -> BigInt,
        office_id -> BigInt,
        official -> Text,
        place -> Text,
        starts_at -> Timestamp,
        slot_minutes -> Integer,
        slots -> Integer,
        capacity -> Integer,
        books_until -> Timestamp,
        is_public -> Bool,
        cancelled_at -> Nullable<Timestamp>,
        reason -> Nullable<Text>,
        made_by -> BigInt,
        made_at -> Timestamp,
    }
}

table! {
    appointments (id) {
        id -> BigInt,
        meeting_id -> BigInt,
        case_id -> BigInt,
        slot -> Integer,
        booked_by -> Text,
        booked_at -> Timestamp,
        attended -> Nullable<Bool>,
        cancelled_at -> Nullable<Timestamp>,
        reason -> Nullable<Text>,
    }
}

table! {
    meeting_orders (referral_id) {
        referral_id -> BigInt,
        appointment_id -> BigInt,
        given_by -> BigInt,
        given_at -> Timestamp,
    }
}

table! {
    desk_sheets (id) {
        id -> BigInt,
        office_id -> BigInt,
        channel -> Text,
        desk -> Text,
        day -> Text,
        total -> Integer,
        recounted -> Nullable<Text>,
        made_by -> BigInt,
        made_at -> Timestamp,
        closed_by -> Nullable<BigInt>,
        closed_at -> Nullable<Timestamp>,
    }
}

table! {
    desk_sheet_counts (sheet_id, kind) {
        sheet_id -> BigInt,
        kind -> Text,
        declared -> Integer,
    }
}

table! {
    desk_sheet_lines (sheet_id, line) {
        sheet_id -> BigInt,
        line -> Integer,
        item_id -> BigInt,
        kind -> Text,
        at -> Timestamp,
    }
}

table! {
    extracts (case_id, state) {
        case_id -> BigInt,
        state -> Text,
        subject -> Nullable<Text>,
        text -> Text,
        remedy_sought -> Nullable<Text>,
        words -> Text,
        author_id -> BigInt,
        at -> Timestamp,
        covers_until -> Timestamp,
    }
}

table! {
    attachment_releases (attachment_id) {
        attachment_id -> BigInt,
        case_id -> BigInt,
        released_by -> BigInt,
        at -> Timestamp,
    }
}

table! {
    identity_requests (id) {
        id -> BigInt,
        case_id -> BigInt,
        asked_by -> BigInt,
        office_id -> BigInt,
        reason -> Text,
        asked_at -> Timestamp,
        decision -> Nullable<Text>,
        decided_by -> Nullable<BigInt>,
        decided_at -> Nullable<Timestamp>,
        decision_reason -> Nullable<Text>,
        released_to -> Nullable<BigInt>,
        until -> Nullable<Timestamp>,
        revoked_by -> Nullable<BigInt>,
        revoked_at -> Nullable<Timestamp>,
        revoke_reason -> Nullable<Text>,
    }
}

table! {
    identity_reads (id) {
        id -> BigInt,
        case_id -> Nullable<BigInt>,
        citizen_id -> Nullable<BigInt>,
        user_id -> BigInt,
        role -> Text,
        office_id -> BigInt,
        why -> Text,
        what -> Text,
        request_id -> Nullable<BigInt>,
        at -> Timestamp,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sealed::SealedText;
    intake_items (id) {
        id -> BigInt,
        form -> Text,
        channel -> Text,
        gateway -> Nullable<Text>,
        gateway_id -> Nullable<BigInt>,
        user_id -> Nullable<BigInt>,
        office_id -> BigInt,
        state -> Text,
        reason -> Nullable<Text>,
        fields -> Nullable<Text>,
        external_id -> Nullable<Text>,
        identity_hash -> Nullable<Text>,
        content_hash -> Text,
        content -> Nullable<SealedText>,
        raw -> Nullable<SealedText>,
        raw_type -> Nullable<Text>,
        case_id -> Nullable<BigInt>,
        message_id -> Nullable<BigInt>,
        attempts -> Integer,
        received_at -> Timestamp,
        at -> Timestamp,
        settled_at -> Nullable<Timestamp>,
    }
}

table! {
    mails (item_id) {
        item_id -> BigInt,
        sender_hash -> Text,
        message_id -> Nullable<Text>,
        case_id -> Nullable<BigInt>,
        at -> Timestamp,
    }
}

table! {
    mailboxes (name) {
        name -> Text,
        uid_validity -> BigInt,
        last_uid -> BigInt,
        lease_owner -> Nullable<Text>,
        lease_until -> Nullable<Timestamp>,
        read_at -> Nullable<Timestamp>,
        failing_since -> Nullable<Timestamp>,
        error -> Nullable<Text>,
    }
}

table! {
    intake_steps (id) {
        id -> BigInt,
        item_id -> BigInt,
        step -> Text,
        detail -> Nullable<Text>,
        user_id -> Nullable<BigInt>,
        at -> Timestamp,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sealed::SealedText;

    intake_files (id) {
        id -> BigInt,
        item_id -> BigInt,
        role -> Text,
        name -> SealedText,
        media_type -> Text,
        size -> BigInt,
        sha256 -> Text,
        attachment_id -> Nullable<BigInt>,
    }
}

table! {
    sms_sendings (message_id) {
        message_id -> BigInt,
        gateway -> Text,
        carrier_id -> Nullable<Text>,
        sent_at -> Timestamp,
        checks -> Integer,
        next_at -> Nullable<Timestamp>,
    }
}

table! {
    sms_standings (gateway) {
        gateway -> Text,
        alarm -> Nullable<Text>,
        alarm_at -> Nullable<Timestamp>,
        refused -> BigInt,
        refused_at -> Nullable<Timestamp>,
    }
}

table! {
    item_readings (item_id) {
        item_id -> BigInt,
        state -> Text,
        reason -> Nullable<Text>,
        pages -> Integer,
        tries -> Integer,
        at -> Timestamp,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sealed::SealedText;

    sms_replies (id) {
        id -> BigInt,
        case_id -> Nullable<BigInt>,
        phone -> Nullable<SealedText>,
        phone_hash -> Text,
        template -> Text,
        language -> Text,
        facts -> Nullable<SealedText>,
        state -> Text,
        attempts -> Integer,
        error -> Nullable<Text>,
        next_at -> Nullable<Timestamp>,
        lease_until -> Nullable<Timestamp>,
        created_at -> Timestamp,
        settled_at -> Nullable<Timestamp>,
    }
}

table! {
    use diesel::sql_types::*;

    use super::super::sealed::SealedText;

    phone_calls (id) {
        id -> BigInt,
        gateway_id -> Nullable<BigInt>,
        external_id -> Nullable<Text>,
        office_id -> BigInt,
        direction -> Text,
        number -> Nullable<SealedText>,
        number_hash -> Nullable<Text>,
        line -> Nullable<Text>,
        queue -> Nullable<Text>,
        agent_name -> Nullable<Text>,
        agent_at -> Nullable<Timestamp>,
        user_id -> Nullable<BigInt>,
        state -> Text,
        cause -> Nullable<Text>,
        province -> Nullable<Text>,
        rung_at -> Nullable<Timestamp>,
        answered_at -> Nullable<Timestamp>,
        ended_at -> Nullable<Timestamp>,
        waited -> Nullable<Integer>,
        length -> Nullable<Integer>,
        created_at -> Timestamp,
    }
}

table! {
    phone_events (call_id, mark) {
        call_id -> BigInt,
        mark -> Text,
        at -> Timestamp,
    }
}

table! {
    phone_seats (user_id) {
        user_id -> BigInt,
        office_id -> BigInt,
        extension -> Text,
        since -> Timestamp,
    }
}

table! {
    phone_streams (user_id) {
        user_id -> BigInt,
        last -> BigInt,
    }
}

table! {
    phone_pops (user_id, seq) {
        user_id -> BigInt,
        seq -> BigInt,
        call_id -> BigInt,
        kind -> Text,
        at -> Timestamp,
    }
}

table! {
    phone_case_calls (case_id, call_id) {
        case_id -> BigInt,
        call_id -> BigInt,
        at -> Timestamp,
    }
}

table! {
    use diesel::sql_types::*;

    use super::super::sealed::SealedText;

    phone_callbacks (id) {
        id -> BigInt,
        office_id -> BigInt,
        origin -> Text,
        call_id -> Nullable<BigInt>,
        case_id -> Nullable<BigInt>,
        number -> Nullable<SealedText>,
        number_hash -> Nullable<Text>,
        note -> Nullable<SealedText>,
        calls -> Integer,
        state -> Text,
        tries -> Integer,
        due_at -> Timestamp,
        next_at -> Timestamp,
        taken_by -> Nullable<BigInt>,
        taken_until -> Nullable<Timestamp>,
        created_by -> Nullable<BigInt>,
        created_at -> Timestamp,
        settled_at -> Nullable<Timestamp>,
    }
}

table! {
    sms_dialogues (id) {
        id -> BigInt,
        phone_hash -> Text,
        kind -> Text,
        case_id -> Nullable<BigInt>,
        reference -> Nullable<Text>,
        total -> Integer,
        tries -> Integer,
        language -> Text,
        created_at -> Timestamp,
        expires_at -> Timestamp,
    }
}

table! {
    sms_dialogue_items (item_id) {
        item_id -> BigInt,
        dialogue_id -> BigInt,
        part -> Integer,
    }
}

table! {
    sms_stops (phone_hash) {
        phone_hash -> Text,
        at -> Timestamp,
    }
}

table! {
    exchange_systems (office_id) {
        office_id -> BigInt,
        user_id -> BigInt,
        position -> BigInt,
        opened_at -> Timestamp,
        closed_at -> Nullable<Timestamp>,
        read_at -> Nullable<Timestamp>,
    }
}

table! {
    exchange_feed (id) {
        id -> BigInt,
        office_id -> BigInt,
        referral_id -> BigInt,
        case_id -> BigInt,
        event -> Text,
        at -> Timestamp,
        position -> Nullable<BigInt>,
    }
}

table! {
    exchange_numbers (referral_id) {
        referral_id -> BigInt,
        reference -> Nullable<Text>,
        status -> Nullable<Text>,
        digest -> Nullable<Text>,
        noted_at -> Timestamp,
    }
}

table! {
    exchange_answers (referral_id, reference) {
        referral_id -> BigInt,
        reference -> Text,
        answer_id -> BigInt,
        digest -> Text,
        at -> Timestamp,
    }
}

table! {
    webhook_deliveries (id) {
        id -> BigInt,
        webhook -> Text,
        event -> Text,
        event_id -> Nullable<BigInt>,
        case_id -> Nullable<BigInt>,
        body -> Text,
        state -> Text,
        attempts -> Integer,
        response -> Nullable<Integer>,
        error -> Nullable<Text>,
        next_at -> Nullable<Timestamp>,
        lease_until -> Nullable<Timestamp>,
        created_at -> Timestamp,
        settled_at -> Nullable<Timestamp>,
    }
}

table! {
    webhook_tries (id) {
        id -> BigInt,
        delivery_id -> BigInt,
        at -> Timestamp,
        response -> Nullable<Integer>,
        error -> Nullable<Text>,
        duration_ms -> BigInt,
    }
}

table! {
    webhook_standings (webhook) {
        webhook -> Text,
        failures -> Integer,
        open_until -> Nullable<Timestamp>,
        error -> Nullable<Text>,
        failed_at -> Nullable<Timestamp>,
        succeeded_at -> Nullable<Timestamp>,
    }
}

table! {
    open311_requests (case_id) {
        case_id -> BigInt,
        gateway_id -> BigInt,
        service_code -> Text,
        is_public -> Bool,
        token -> Nullable<Text>,
        media_url -> Nullable<Text>,
        requested_at -> Timestamp,
    }
}

table! {
    open311_updates (case_id, update_id) {
        case_id -> BigInt,
        update_id -> Text,
        message_id -> BigInt,
        at -> Timestamp,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sealed::SealedText;

    item_pages (id) {
        id -> BigInt,
        item_id -> BigInt,
        number -> Integer,
        sha256 -> Text,
        size -> BigInt,
        lines -> Nullable<SealedText>,
        confidence -> Nullable<Integer>,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sealed::SealedText;

    messages (id) {
        id -> BigInt,
        case_id -> BigInt,
        event_id -> BigInt,
        direction -> Text,
        audience -> Text,
        citizen_id -> Nullable<BigInt>,
        office_id -> Nullable<BigInt>,
        channel -> Text,
        template -> Nullable<Text>,
        language -> Text,
        facts -> SealedText,
        address -> Nullable<SealedText>,
        subject -> Nullable<SealedText>,
        body -> Nullable<SealedText>,
        state -> Text,
        attempts -> Integer,
        carrier_id -> Nullable<Text>,
        error -> Nullable<Text>,
        fallback_of -> Nullable<BigInt>,
        created_at -> Timestamp,
        settled_at -> Nullable<Timestamp>,
        gateway -> Nullable<Text>,
    }
}

table! {
    letter_batches (id) {
        id -> BigInt,
        office_id -> BigInt,
        made_by -> BigInt,
        made_at -> Timestamp,
        handed_over_at -> Nullable<Timestamp>,
        handed_over_by -> Nullable<BigInt>,
        handed_to -> Nullable<Text>,
        reference -> Nullable<Text>,
    }
}

table! {
    paper_letters (message_id) {
        message_id -> BigInt,
        batch_id -> BigInt,
        settled_at -> Nullable<Timestamp>,
        reason -> Nullable<Text>,
    }
}

table! {
    outbox (message_id) {
        message_id -> BigInt,
        next_at -> Timestamp,
        lease_owner -> Nullable<Text>,
        lease_until -> Nullable<Timestamp>,
        held -> Nullable<Text>,
    }
}

table! {
    deliveries (id) {
        id -> BigInt,
        message_id -> BigInt,
        at -> Timestamp,
        state -> Text,
        detail -> Nullable<Text>,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sealed::SealedText;
    idempotency_keys (id) {
        id -> Text,
        fingerprint -> Text,
        status -> Integer,
        reply -> SealedText,
        created_at -> Timestamp,
    }
}

table! {
    data_keys (id) {
        id -> BigInt,
        purpose -> Text,
        state -> Text,
        wrapped -> Nullable<Text>,
        created_at -> Timestamp,
        retired_at -> Nullable<Timestamp>,
    }
}

joinable!(user_roles -> users (user_id));
joinable!(user_roles -> offices (office_id));
joinable!(refresh_tokens -> users (user_id));
joinable!(second_factors -> users (user_id));
joinable!(recovery_codes -> users (user_id));
joinable!(gateways -> offices (office_id));
joinable!(cases -> citizens (citizen_id));
joinable!(citizen_merge_cases -> citizen_merges (merge_id));
joinable!(events -> cases (case_id));
joinable!(tombstones -> cases (case_id));
joinable!(correction_requests -> cases (case_id));
joinable!(anchor_leaves -> anchors (anchor));
joinable!(referrals -> cases (case_id));
joinable!(clock_changes -> cases (case_id));
joinable!(clock_changes -> referrals (referral_id));
joinable!(closure_runs -> closures (closure_id));
joinable!(closure_cases -> cases (case_id));
joinable!(extension_requests -> cases (case_id));
joinable!(deadline_points -> cases (case_id));
joinable!(interim_demands -> cases (case_id));
joinable!(interim_demands -> referrals (referral_id));
joinable!(progress_notices -> cases (case_id));
joinable!(warning_cases -> warnings (warning_id));
joinable!(answers -> cases (case_id));
joinable!(answers -> referrals (referral_id));
joinable!(objections -> cases (case_id));
joinable!(appeals -> cases (case_id));
joinable!(ratings -> cases (case_id));
joinable!(family_links -> cases (case_id));
joinable!(families -> cases (case_id));
joinable!(problem_cases -> cases (case_id));
joinable!(problem_notices -> cases (case_id));
joinable!(lessons -> cases (case_id));
joinable!(recommendations -> cases (case_id));
joinable!(callbacks -> cases (case_id));
joinable!(problem_cases -> problems (problem_id));
joinable!(callbacks -> quality_samples (sample_id));
joinable!(contact_plan_reviews -> contact_plans (plan_id));
joinable!(questions -> cases (case_id));
joinable!(questions -> referrals (referral_id));
joinable!(questions -> offices (office_id));
joinable!(questions -> users (asked_by));
joinable!(notes -> cases (case_id));
joinable!(notes -> offices (office_id));
joinable!(notes -> users (author_id));
joinable!(attachments -> cases (case_id));
joinable!(appointments -> meetings (meeting_id));
joinable!(meeting_orders -> referrals (referral_id));
joinable!(desk_sheet_lines -> intake_items (item_id));
joinable!(extracts -> cases (case_id));
joinable!(attachment_releases -> cases (case_id));
joinable!(identity_requests -> cases (case_id));
joinable!(messages -> cases (case_id));
joinable!(deliveries -> messages (message_id));
joinable!(paper_letters -> messages (message_id));
allow_columns_to_appear_in_same_group_by_clause!(lessons::cause, cases::category);
allow_columns_to_appear_in_same_group_by_clause!(lessons::office_id, cases::category);
joinable!(mails -> intake_items (item_id));
joinable!(intake_steps -> intake_items (item_id));
joinable!(intake_files -> intake_items (item_id));
joinable!(sms_sendings -> messages (message_id));
joinable!(phone_case_calls -> phone_calls (call_id));
joinable!(phone_pops -> phone_calls (call_id));
joinable!(sms_dialogue_items -> intake_items (item_id));
allow_tables_to_appear_in_same_query!(
    process_slots,
    offices,
    definitions,
    rulebook_version,
    changes,
    users,
    user_roles,
    postings,
    former_lines,
    refresh_tokens,
    spent,
    second_factors,
    recovery_codes,
    failures,
    gateways,
    citizens,
    citizen_merges,
    citizen_merge_cases,
    audit,
    cases,
    case_scopes,
    events,
    tombstones,
    file_erasures,
    holds,
    retention_walk,
    erasure_requests,
    exports,
    corrections,
    correction_requests,
    anchors,
    anchor_leaves,
    referrals,
    clock_changes,
    closures,
    closure_runs,
    closure_cases,
    extension_requests,
    deadline_points,
    interim_demands,
    progress_notices,
    warnings,
    warning_cases,
    answers,
    objections,
    appeals,
    ratings,
    family_links,
    families,
    problems,
    problem_answers,
    problem_cases,
    problem_notices,
    problem_events,
    lessons,
    recommendations,
    quality_samples,
    callbacks,
    no_calls,
    repeats,
    contact_plans,
    contact_plan_reviews,
    questions,
    notes,
    attachments,
    stored_files,
    uploads,
    upload_parts,
    sealed_words,
    clear_traces,
    words_to_seal,
    drafts,
    phone_proofs,
    phone_claims,
    queue_tickets,
    meetings,
    appointments,
    meeting_orders,
    desk_sheets,
    desk_sheet_counts,
    desk_sheet_lines,
    extracts,
    attachment_releases,
    identity_requests,
    identity_reads,
    intake_items,
    mails,
    mailboxes,
    intake_steps,
    intake_files,
    sms_sendings,
    sms_standings,
    sms_replies,
    sms_dialogues,
    sms_dialogue_items,
    sms_stops,
    exchange_systems,
    exchange_feed,
    exchange_numbers,
    exchange_answers,
    webhook_deliveries,
    webhook_tries,
    webhook_standings,
    open311_requests,
    open311_updates,
    phone_calls,
    phone_events,
    phone_seats,
    phone_streams,
    phone_pops,
    phone_case_calls,
    phone_callbacks,
    item_readings,
    item_pages,
    messages,
    letter_batches,
    paper_letters,
    outbox,
    deliveries,
    idempotency_keys,
    data_keys
);
